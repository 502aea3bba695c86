# The environment, umask and directory of the container's boot, for sessions that did not come from it. A session of the
# boot has them already, and may have changed them since. No file is read here: entrypointctl prints what it has proved to
# be root's or the user's own, and to be kept for this user; for root nothing, whose shell would run the user's startup
# files.
if [ -z "${ENTRYPOINT_SESSION-}" ] && [ -x /usr/local/bin/entrypointctl ]; then
    eval "$(/usr/local/bin/entrypointctl env --sh)"
fi
