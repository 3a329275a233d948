#!/bin/sh
# A double click on macOS, or ./start.command on Linux, does what Empezar.bat does on Windows.
cd "$(dirname "$0")" || exit 1
fail() {
  printf '%s\n' "$@"
  exit 1
}
if [ ! -f .venv/done ]; then
  echo "Solo la primera vez: se instala lo necesario, con conexión a internet. Tarda unos minutos."
  echo "First time only: what is needed is installed, over the network. It takes some minutes."
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "Hace falta Python 3.11 o posterior: https://www.python.org/downloads/" \
    "Python 3.11 or later is needed: https://www.python.org/downloads/"
  python3 -m venv --clear .venv &&
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements-setup.lock -r requirements.lock &&
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . &&
    touch .venv/done || fail \
    "No se ha podido instalar. Compruebe la conexión y abra de nuevo este archivo." \
    "It could not be installed. Check the network, and open this file again."
fi
exec .venv/bin/python -m vpresearch app --authors
