#!/bin/sh
# Collects the corpus of the target `model`: the fixtures of the tests, and the model files below the folders
# that are given (no file above 1 MB).
#   fuzz/corpus.sh [FOLDER...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
corpus=$here/corpus/model
mkdir -p "$corpus"
find "$here/../tests/fixtures" "$@" -type f -size -1024k \
  \( -name '*.model' -o -name '*.pt' -o -name '*.pth' -o -name '*.ckpt' -o -name '*.zip' -o -name '*.pb' \
     -o -name '*.dp' -o -name '*.yaml' -o -name '*.json' \) ! -name '*ref*.json' |
while IFS= read -r file; do
  cp "$file" "$corpus/$(sha256sum "$file" | cut -c1-16)"
done
echo "$(ls "$corpus" | wc -l) files in $corpus"
