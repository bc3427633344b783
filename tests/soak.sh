#!/usr/bin/env bash
# kill -9 under load, again and again: every message answered AA is in the journal afterwards, and the chain of hashes holds.
# Then kill -9 between commit, evaluation, notification and acknowledgement: a pager hears what is owed, once under one id.
set -euo pipefail
bin="${TARGET:-target}/release" cycles="${CYCLES:-100}"
data="$(mktemp -d -t stormwatch-soak-XXXXXX)"
service=
trap '[ -n "$service" ] && kill -9 "$service" 2>/dev/null || true; rm -rf "$data"' EXIT
answered=0
for cycle in $(seq "$cycles"); do
  RUST_LOG=error "$bin/stormwatch" serve --data "$data/d" --http 127.0.0.1:0 --mllp 127.0.0.1:0 >"$data/out" 2>"$data/log" &
  service=$!
  for _ in $(seq 600); do grep -q '^listening' "$data/out" && break; sleep 0.05; done
  mllp=$(sed -nE 's/.*mllp=([^ ]+).*/\1/p' "$data/out")
  "$bin/stormwatch-simulator" load --mllp "$mllp" --connections 4 --in-flight 4 --messages 100000 >"$data/load" 2>/dev/null &
  load=$!
  sleep "0.$((RANDOM % 8 + 1))"
  kill -9 "$service"; wait "$service" 2>/dev/null || true
  wait "$load" 2>/dev/null || true
  acks=$(sed -nE 's/.*"aa":([0-9]+).*/\1/p' "$data/load")
  answered=$((answered + ${acks:-0}))
  printf '\rcycle %d of %d: %d answered' "$cycle" "$cycles" "$answered" >&2
done
echo >&2
kept=$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("select count(*) from message where via = ?", ("mllp",)).fetchone()[0])' \
  "$data/d/journal.db")
"$bin/stormwatch" journal verify --data "$data/d"
echo "{\"soak\":\"kill -9\",\"cycles\":$cycles,\"answered\":$answered,\"kept\":$kept,\"lost\":$((answered > kept ? answered - kept : 0))}"
[ "$kept" -ge "$answered" ]
python3 "$(dirname "$0")/crash_points.py" "$bin/stormwatch" "$cycles"

