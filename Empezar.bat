@echo off
cd /d "%~dp0"
if exist .venv\done goto start
echo Solo la primera vez: se instala lo necesario, con conexion a internet. Tarda unos minutos.
echo First time only: what is needed is installed, over the network. It takes some minutes.
py -3 -c "import sys; sys.exit(sys.version_info < (3, 11))" || goto python
py -3 -m venv --clear .venv || goto failed
.venv\Scripts\python -m pip install --quiet --require-hashes -r requirements-setup.lock -r requirements.lock || goto failed
.venv\Scripts\python -m pip install --quiet --no-deps --no-build-isolation -e . || goto failed
type nul > .venv\done
:start
.venv\Scripts\python -m vpresearch app --authors
pause
exit /b
:python
echo Hace falta Python 3.11 o posterior, con "py launcher": https://www.python.org/downloads/
echo Python 3.11 or later is needed, with "py launcher": https://www.python.org/downloads/
pause
exit /b 1
:failed
echo No se ha podido instalar. Compruebe la conexion y abra de nuevo este archivo.
echo It could not be installed. Check the network, and open this file again.
pause
exit /b 1
