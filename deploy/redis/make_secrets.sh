# Makes the platform's secrets at its first start and leaves them alone ever after.
set -eu
cd /data
[ -s jobs_redis_url ] && exit 0
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
password=$(random)
random >grafana_password
echo "$password" >redis_password
echo "redis://:$password@redis_live:6379/0" >redis_url
echo "redis://:$password@redis_jobs:6379/0" >jobs_redis_url
