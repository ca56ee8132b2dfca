#!/bin/bash
# The default model from nothing: populations, vocabulary, examples, training, GGUF, and how well it answers.
#
#   tools/model/make.sh FOLDER          BIN=build/release/bin  PATIENTS=5000  MINUTES=75  THREADS=2
#
# Records are short at first. A run that is stopped goes on: what is in FOLDER already is not made again, and training resumes from its checkpoint.
set -eu
folder=${1:?a folder to work in}
bin=${BIN:-build/release/bin} patients=${PATIENTS:-5000} minutes=${MINUTES:-75} threads=${THREADS:-2}
mkdir -p "$folder"

population() { # NAME PATIENTS SEED QUESTIONS
  [ -e "$folder/$1/done" ] && return
  "$bin/synthpop" --patients "$2" --seed "$3" --questions "$4" --out "$folder/$1"
  touch "$folder/$1/done"
}

examples() { # OUT POPULATION SPLIT, and more options
  [ -e "$folder/$1" ] && return
  "$bin/model" prepare --population "$folder/$2" --split "$3" --vocabulary "$folder/vocabulary.gguf" --out "$folder/$1.part" --form found "${@:4}"
  mv "$folder/$1.part" "$folder/$1"
}

population held 120 909 16
population train "$patients" 7001 64
examples train.data train train --budgets 90,130,180,260,400,650 --leads 10 --segments 8 --tokens-max 1280 --rename-share 0.6 --not-found-share 0 --single-share 0.3 --learn-patients 500 --seed 3 --without "$folder/held"
examples held.data held train --budgets 448 --leads 4 --segments 1 --seed 7
examples held-phrasings.data held heldout --budgets 448 --leads 4 --segments 1 --seed 7

resume=()
[ -e "$folder/model.checkpoint" ] && resume=(--resume "$folder/model.checkpoint")
"$bin/model" train --data "$folder/train.data" --held "$folder/held-phrasings.data" --vocabulary "$folder/vocabulary.gguf" "${resume[@]}" \
  --checkpoint "$folder/model.checkpoint" --out "$folder/model.gguf" --minutes "$minutes" --threads "$threads" --context 1024 \
  --tokens-max 1280 --tokens-short 100 --short-share 0.4 --batch-tokens 1024 --rate 2e-3 --prompt-weight 0.5 --prompt-share 0.5 --cite-weight 2 --choice-weight 4 \
  --score-seconds 900 --score-examples 120

"$bin/model" evaluate --model "$folder/model.gguf" --data "$folder/held.data" --examples 300
"$bin/model" evaluate --model "$folder/model.gguf" --data "$folder/held-phrasings.data" --examples 300
