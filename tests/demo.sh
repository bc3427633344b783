#!/usr/bin/env bash
# The demo: the service and, beside it, a simulated ward with its lab and broker, on loopback, in a throw-away folder.
set -euo pipefail
bin="${TARGET:-target}/release"
data="$(mktemp -d -t stormwatch-demo-XXXXXX)"
http="${HTTP:-127.0.0.1:8080}" mllp="${MLLP:-127.0.0.1:2575}" broker="${BROKER:-127.0.0.1:1883}"
service= ward=
stop() {
  trap - EXIT INT TERM
  [ -n "$ward" ] && kill -TERM "$ward" 2>/dev/null || true
  [ -n "$service" ] && kill -TERM "$service" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$data"
  echo "demo stopped; $data removed"
}
trap stop EXIT INT TERM
"$bin/stormwatch" serve --data "$data" --http "$http" --mllp "$mllp" --mqtt "mqtt://$broker" >"$data/service.out" 2>"$data/service.log" &
service=$!
for _ in $(seq 300); do
  grep -q '^listening' "$data/service.out" && break
  kill -0 "$service" 2>/dev/null || { cat "$data/service.log" >&2; echo "the service did not start" >&2; exit 1; }
  sleep 0.1
done
cat "$data/service.out"
"$bin/stormwatch-simulator" ward --beds "${BEDS:-12}" --speed "${SPEED:-60}" --seed "${SEED:-1}" --mllp "$mllp" --broker "$broker" &
ward=$!
cat <<TXT

  stormwatch demo: a simulated ward. Not a medical device.
    wall      http://$http/wall?ward=6E
    console   http://$http/console
  Ctrl-C stops it.

TXT
wait "$ward"
