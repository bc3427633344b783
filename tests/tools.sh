#!/usr/bin/env bash
# What the suite's foreign clients need: a Python environment and Node packages, both inside tests/.tools (not committed).
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p .tools
python=.tools/python
if [ ! -x "$python/bin/mllp_send" ] || ! "$python/bin/python" -c 'import hl7, hl7apy, paho.mqtt, websockets' 2>/dev/null; then
  python3 -m venv "$python" 2>/dev/null || {
    echo "installing python3-venv"
    SUDO=$([ "$(id -u)" = 0 ] || echo sudo)
    $SUDO apt-get update -qq && $SUDO apt-get install -y -qq python3-venv >/dev/null
    python3 -m venv "$python"
  }
  "$python/bin/pip" install -q --disable-pip-version-check -r clients/requirements.txt
fi
if [ ! -d clients/node_modules/simple-hl7 ]; then
  (cd clients && npm ci --no-fund --no-audit --loglevel=error)
fi
if [ -f browser/package.json ] && [ ! -d browser/node_modules ]; then
  (cd browser && npm ci --no-fund --no-audit --loglevel=error)
fi
