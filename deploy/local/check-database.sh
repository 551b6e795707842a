#!/bin/sh
# Asked by HAProxy whether a database server can be used (database.cfg); its address and port are the third and fourth
# argument. It is not to wait for anything. A Galera node is good if it belongs to the part of the cluster that has the quorum and has caught up with it.
status=$(mariadb --no-defaults --host="$3" --port="$4" --user=check --connect-timeout=1 --skip-column-names --batch --init-command="SET wsrep_sync_wait = 0" --execute="
    SELECT GROUP_CONCAT(variable_value ORDER BY variable_name) FROM information_schema.global_status
    WHERE variable_name IN ('wsrep_cluster_status', 'wsrep_local_state', 'wsrep_ready')" 2>/dev/null) || exit 1
case $status in
    # In the cluster, synced and ready; or no Galera at all, which has no local state.
    Primary,4,ON | Disconnected,OFF | NULL) exit 0 ;;
    *) exit 1 ;;
esac
