# A snippet for shells' startup that looks at a file by its name and then sources what has that name: the tests show with it
# that an attack is one.
if [ -z "${SCRATCH_HOME-}" ]; then
    entrypoint_user=$(id -u)
    for entrypoint_file in /run/entrypoint/environment.sh "/dev/shm/entrypoint-$entrypoint_user/environment.sh"; do
        case $entrypoint_user$entrypoint_file in
        0/*) false ;;
        */run/*) [ -r "$entrypoint_file" ] ;;
        *) [ -r "$entrypoint_file" ] && [ -O "$entrypoint_file" ] ;;
        esac && . "$entrypoint_file" && break
    done
    unset entrypoint_file entrypoint_user
fi
