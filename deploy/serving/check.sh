# `bash check.sh MEMBER…`: TensorFlow Serving's image has no program that asks over HTTP, but it has bash.
for member in "$@"; do
  exec 3<>/dev/tcp/127.0.0.1/8501 || exit 1
  printf 'GET /v1/models/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$member" >&3
  grep -q AVAILABLE <&3 || exit 1
done
