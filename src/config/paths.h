/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.h: where things are unless the manager file says otherwise; set when cman is built. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#ifndef RUNSTATEDIR
#define RUNSTATEDIR "/run"
#endif
#ifndef LOCALSTATEDIR
#define LOCALSTATEDIR "/var"
#endif

#define PATH_MANAGER_FILE SYSCONFDIR "/cman/container.conf"
#define PATH_CONF_DIR     SYSCONFDIR "/cman/conf.d"
#define PATH_STATE_DIR    RUNSTATEDIR "/cman"
#define PATH_DATA_DIR     LOCALSTATEDIR "/lib/cman"
#define PATH_LOG_DIR      LOCALSTATEDIR "/log/cman"

#endif
