#!/usr/bin/env bash
# Sees to it that Debian's Chromium is there for the browser tests. Exit 89: it is not, and can't be installed here.
set -euo pipefail

[ -x /usr/bin/chromium ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "browser tests skipped: /usr/bin/chromium is missing, and only root on Debian can install it here" >&2
  exit 89
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
[ -x /usr/bin/chromium ]
