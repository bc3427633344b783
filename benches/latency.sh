#!/usr/bin/env bash
# The whole service under load: durable ACKs a second over MLLP, and from the last MLLP byte to the WebSocket alert frame.
set -euo pipefail
bin="${TARGET:-target}/release"
data="$(mktemp -d -t stormwatch-bench-XXXXXX)"
trap 'kill "$service" 2>/dev/null || true; rm -rf "$data"' EXIT
RUST_LOG=error "$bin/stormwatch" serve --data "$data" --http 127.0.0.1:0 --mllp 127.0.0.1:0 >"$data/out" 2>"$data/log" &
service=$!
for _ in $(seq 300); do grep -q '^listening' "$data/out" && break; sleep 0.1; done
http=$(sed -nE 's/.*http=([^ ]+).*/\1/p' "$data/out") mllp=$(sed -nE 's/.*mllp=([^ ]+).*/\1/p' "$data/out")
"$bin/stormwatch-simulator" load --mllp "$mllp" --connections 8 --in-flight 1 --messages "${MESSAGES:-4000}"
"$bin/stormwatch-simulator" load --mllp "$mllp" --connections 64 --in-flight 16 --messages "${MESSAGES:-20000}"
"$bin/stormwatch-simulator" load --mllp "$mllp" --connections 1 --in-flight 1 --messages 200 --ws "ws://$http/ws/v1" --probe "${PROBES:-50}"
