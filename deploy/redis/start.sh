# `sh start.sh FILE.conf`: the password comes by standard input, so it stands in no process list.
exec redis-server "/redis/$1" - <<END
requirepass $(cat /secrets/redis_password)
END
