# Healthy once the ready.d hook has deployed the template. LocalStack's own /_localstack/health is green before that, and
# "completed" alone is true after a hook that failed or was not found. Docker's config.json may set a proxy in every container.
state=$(curl --noproxy '*' --silent --show-error --fail --max-time 3 http://127.0.0.1:4566/_localstack/init/ready) || exit 1
case "$state" in
  *ERROR* | *RUNNING* | *UNKNOWN*) echo "$state"; exit 1 ;;
  *'"completed": true'*SUCCESSFUL*) exit 0 ;;
  *) echo "$state"; exit 1 ;;
esac
