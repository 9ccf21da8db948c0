FROM debian:bookworm
COPY docker docker-entrypoint.sh /usr/local/bin/
ENV DOCKER_TLS_CERTDIR=/certs
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["sh"]
