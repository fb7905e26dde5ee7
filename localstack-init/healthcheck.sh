# Healthy once the ready.d hook has deployed the template. LocalStack's own /_localstack/health is green earlier, and
# "completed" alone is also true after a failed or missing hook. --noproxy: Docker's config.json may set a proxy.
state=$(curl --noproxy '*' --silent --show-error --fail --max-time 3 http://127.0.0.1:4566/_localstack/init/ready) || exit 1
case "$state" in
  *ERROR* | *RUNNING* | *UNKNOWN*) echo "$state"; exit 1 ;;
  *'"completed": true'*SUCCESSFUL*) exit 0 ;;
  *) echo "$state"; exit 1 ;;
esac
