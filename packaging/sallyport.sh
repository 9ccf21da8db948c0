#!/bin/sh
# Runs the program on the Node.js beside it, whatever else the host has. Under the name cntlm it takes cntlm's flags.
case ${0##*/} in
  cntlm) name=cntlm ;;
  *) name=sallyport ;;
esac
exec /usr/lib/sallyport/node "/usr/lib/sallyport/bin/$name" "$@"
