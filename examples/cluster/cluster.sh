#!/usr/bin/env bash
# Two processes of the login program behind nginx, with sessions in Redis, on
# one machine. It needs Go and Debian's packages nginx-light and redis-server.
#
#   ./cluster.sh up         build and start everything: http://127.0.0.1:8080
#   ./cluster.sh kill N     kill process N (1 or 2) at once
#   ./cluster.sh stop N     stop process N, which answers its open requests first
#   ./cluster.sh start N    start process N, with the keys of the file run/keys
#   ./cluster.sh redis stop|start
#   ./cluster.sh down       stop everything
#
# What runs keeps its files and logs in the folder run, or in $CLUSTER_RUN.
# $CLUSTER_PORT is the port of nginx (8080); the next ones are those of the two
# processes and of Redis. With CLUSTER_STORE=cookie there is no Redis, and the
# sessions are in the signed cookie.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
run=${CLUSTER_RUN:-$here/run}
port=${CLUSTER_PORT:-8080}
redis=127.0.0.1:$((port + 3))
[ "${CLUSTER_STORE:-redis}" = redis ] || redis=

# answers waits until something listens on the port.
answers() {
  for _ in $(seq 200); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep 0.05
  done
  echo "nothing answers on port $1; see the logs in $run" >&2
  exit 1
}

# ended waits until the process of a pid file is gone.
ended() {
  local pid
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return 0
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || { rm -f "$run/$1.pid"; return; }
    sleep 0.05
  done
  echo "$1 does not end" >&2
  exit 1
}

signal() {
  local pid
  pid=$(cat "$run/$2.pid" 2>/dev/null) || return 0
  kill "-$1" "$pid" 2>/dev/null || true
}

# start_app N starts a process. Its keys are the lines of run/keys: the first
# signs, the others are still read.
start_app() {
  local key fallbacks
  key=$(head -n 1 "$run/keys")
  fallbacks=$(tail -n +2 "$run/keys" | paste -sd, -)
  CLUSTER_PROCESS=$1 \
  CLUSTER_REDIS=$redis \
  CLUSTER_SECRET_KEY=$key \
  CLUSTER_SECRET_KEY_FALLBACKS=$fallbacks \
  HIPFLASK_RUN_HOST=127.0.0.1 \
  HIPFLASK_RUN_PORT=$((port + $1)) \
    "$run/login" >>"$run/app$1.log" 2>&1 &
  echo $! >"$run/app$1.pid"
  answers $((port + $1))
}

start_redis() {
  [ -n "$redis" ] || return 0
  redis-server --bind 127.0.0.1 --port "${redis#*:}" --dir "$run" --save '' --appendonly yes \
    --daemonize no >>"$run/redis.log" 2>&1 &
  echo $! >"$run/redis.pid"
  answers "${redis#*:}"
  for _ in $(seq 200); do # it listens before it has read its file
    [ "$(redis-cli -p "${redis#*:}" ping 2>/dev/null)" = PONG ] && return
    sleep 0.05
  done
  echo "Redis is not ready; see the logs in $run" >&2
  exit 1
}

start_nginx() {
  sed -e "s|RUN|$run|; s|PORT1|$((port + 1))|; s|PORT2|$((port + 2))|; s|PORT|$port|" \
    "$here/nginx.conf" >"$run/nginx.conf"
  nginx -p "$run" -c "$run/nginx.conf" -g 'daemon off;' >>"$run/nginx.log" 2>&1 &
  answers "$port"
}

case "${1:-}" in
up)
  mkdir -p "$run"
  [ -f "$run/keys" ] || echo "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >"$run/keys"
  (cd "$here" && go build -o "$run/login" .)
  start_redis
  start_app 1
  start_app 2
  start_nginx
  echo "http://127.0.0.1:$port"
  ;;
kill) signal KILL "app$2" && ended "app$2" ;;
stop) signal TERM "app$2" && ended "app$2" ;;
start) start_app "$2" ;;
redis)
  case "${2:-}" in
  stop) signal TERM redis && ended redis ;;
  start) start_redis ;;
  *) echo 'redis stop, or redis start?' >&2; exit 2 ;;
  esac
  ;;
down)
  signal QUIT nginx && ended nginx
  for name in app1 app2 redis; do signal TERM "$name" && ended "$name"; done
  ;;
*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2 ;;
esac
