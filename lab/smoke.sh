#!/bin/bash
# Does every part of the laboratory that is up answer as it should? The checks are the first of the
# laboratory's tests.
cd "$(dirname "$0")/.." && exec node --import tsx --test test/lab/laboratory.test.ts
