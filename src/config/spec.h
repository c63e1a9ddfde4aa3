/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec.h: what the files say, in plain structs: the vocabulary of the program. Addresses are in
 * network byte order inside struct in_addr, everything else in host order. Strings are owned by
 * the struct that holds them; an absent string is NULL.
 */
#ifndef CONFIG_SPEC_H
#define CONFIG_SPEC_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/parse.h" /* struct port_forward */
#include "base/text.h"

#define CONTAINER_NAME_MAX 63         /* [a-z0-9][a-z0-9-]{0,62}: a DNS label */
#define LIMIT_MAX          UINT64_MAX /* "max": not limited */

/* Where a value stands. A zero line: built in, or the file as a whole. */
struct location {
	const char *file;    /* path as reported; interned, lives as long as the program */
	unsigned int line;   /* from 1 */
	unsigned int column; /* from 1, in bytes */
	unsigned int length; /* of the marked text, at least 1 */
};

/* Where each key of a container or network came from: "limits.memory", "net.ports[1]". */
struct origin {
	char *key;
	struct location location;
	char *layer; /* NULL: its own file; "defaults", or the name of a template */
};
struct origins {
	struct origin *items;
	size_t count;
};

/*
 * The location of key, or of the nearest group that holds it, or of the file as a whole (line 0),
 * or all zero.
 */
struct location origin_find(const struct origins *origins, const char *key);

struct io_limit {              /* of one block device; LIMIT_MAX: not limited */
	char *device;          /* "/dev/sda" or "8:0" */
	uint64_t rbps, wbps;   /* bytes per second */
	uint64_t riops, wiops; /* operations per second */
};

struct ulimit {       /* prlimit(2); LIMIT_MAX: unlimited */
	int resource; /* RLIMIT_... */
	uint64_t soft, hard;
};

struct limits {
	uint64_t pids;         /* tasks; cgroup pids.max */
	uint64_t memory;       /* bytes; memory.max */
	uint64_t cpu_quota_us; /* microseconds of CPU per 100 ms of time; cpu.max */
	uint64_t memory_high;  /* bytes; memory.high */
	uint64_t memory_low;   /* bytes that stay when others are short of memory; memory.low */
	uint64_t swap;         /* bytes; memory.swap.max */
	bool oom_group;        /* memory.oom.group */
	uint32_t cpu_weight;   /* 1 to 10000; cpu.weight */
	char *cpuset, *mems;   /* "0-3,6" as the kernel writes it; NULL: all */
	struct io_limit *io;
	size_t io_count;
	uint32_t io_weight; /* 1 to 10000; io.weight */
	uint64_t nofile_soft, nofile_hard;
	struct ulimit *ulimits;
	size_t ulimit_count;
	int oom_score_adj;
	struct strlist raw; /* "memory.zswap.max=0": files of cgroup v2 */
};
#define CPU_PERIOD_US  100000
#define WEIGHT_DEFAULT 100
/* select(2) takes no more; who knows better may raise it. */
#define NOFILE_SOFT 1024
#define NOFILE_HARD 524288
/* Nothing is limited. */
#define LIMITS_NONE                                                                                 \
	{                                                                                           \
		.pids = LIMIT_MAX, .memory = LIMIT_MAX, .cpu_quota_us = LIMIT_MAX,                  \
		.memory_high = LIMIT_MAX, .swap = LIMIT_MAX, .cpu_weight = WEIGHT_DEFAULT,          \
		.io_weight = WEIGHT_DEFAULT, .nofile_soft = NOFILE_SOFT, .nofile_hard = NOFILE_HARD \
	}

enum userns_mode { USERNS_AUTO, USERNS_NONE, USERNS_RANGE };

/* security.userns: the container's user namespace. */
struct userns {
	enum userns_mode mode;
	uint32_t host_first, count; /* USERNS_RANGE: ids 0 to count - 1 are these of the host */
};
enum device_access { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4 };

struct device {              /* of the host, in the container besides the usual ones */
	char *path;          /* below /dev, the same for both */
	unsigned int access; /* enum device_access */
};
#define DEVICES_MAX 32

struct security {
	struct userns userns;
	struct strlist cap_drop, cap_add; /* names without CAP_, or "ALL"; see capabilities.h */
	bool no_new_privs;
	bool nesting;    /* containers may be made inside */
	bool privileged; /* all capabilities, nothing of /proc and /sys covered, no device policy */
	char *seccomp;   /* "default", "none" or the path of a file */
	uint32_t *calls; /* what the file says, by validation; see calls.h */
	char *apparmor;  /* "unconfined" or the name of a profile */
	struct strlist masked_paths,
		readonly_paths; /* in the container, besides the built-in ones */
	struct strlist sysctls; /* "net/core/somaxconn=1024", always with slashes */
	struct device *devices;
	size_t device_count;
};

/* A route of a container: "10.9.0.0/16 via 10.83.0.7". */
struct route {
	struct in_addr destination; /* the host bits are zero */
	unsigned int prefix;
	struct in_addr gateway; /* on the network of the interface */
};

enum egress_kind { EGRESS_ADDRESSES, EGRESS_DNS, EGRESS_ICMP };

/* What a container may or may not call: an element of net.egress.allow and .deny. See egress.h. */
struct egress_item {
	enum egress_kind kind;
	/* EGRESS_ADDRESSES */
	int family;               /* AF_INET, AF_INET6; AF_UNSPEC: every address of both */
	struct in_addr address;   /* the host bits are zero */
	struct in6_addr address6; /* likewise */
	unsigned int prefix;      /* of the family's */
	uint8_t protocol;         /* IPPROTO_TCP, IPPROTO_UDP; 0: both, and without ports all */
	uint16_t first, last;     /* ports; 0: all */
};
struct egress_list {
	struct egress_item *items;
	size_t count;
};
#define EGRESS_MAX 64

/* net.egress: deny is asked first, then allow, then what is left. */
struct egress {
	bool deny_rest;
	struct egress_list allow, deny;
};

/* A key of an interface that something else decides where the file does not. */
enum setting { SETTING_UNSET, SETTING_NO, SETTING_YES };

/* "auto": made from the IPv4 address where the network has a subnet6. */
enum ip6_mode { IP6_AUTO, IP6_NONE, IP6_STATIC };

/* Bits per second at the most, as Ethernet frames. */
struct bandwidth {
	uint64_t ingress; /* towards the container */
	uint64_t egress;  /* what it sends */
};
#define BANDWIDTH_MAX 0 /* "max": not limited */

/* One network interface of a container (the group net, or an element of the list). */
struct interface {
	char *network;       /* name in networks; NULL before validation: the first one */
	char name[IFNAMSIZ]; /* inside: "eth0" */
	bool ip_auto;        /* the address was chosen from the pool */
	struct in_addr ip;   /* set by conf_load() even when ip_auto */
	enum ip6_mode ip6_mode;
	struct in6_addr ip6; /* in6addr_any: it has none; set by conf_load() even when automatic */
	bool mac_auto;       /* derived from the names: stable */
	uint8_t mac[6];      /* set by conf_load() even when mac_auto */
	uint32_t mtu;        /* bytes; 0 before validation: the network's */
	enum setting default_route; /* validation leaves SETTING_YES to one at most */
	enum setting antispoof;     /* set by validation: nothing is sent in another's name */
	enum setting isolate;       /* set by validation: nobody on the network reaches it */
	struct bandwidth bandwidth;
	struct strlist aliases;    /* further names for siblings on this network */
	bool nat;
	bool nat_set; /* false: as the network says */
	struct port_forward *ports;
	size_t port_count;
	struct route *routes;
	size_t route_count;
	bool host_access; /* it may call the host itself */
	struct egress egress;
};
#define ROUTES_MAX 64

/* Families that it has addresses of: PORT_IPV4 and PORT_IPV6. */
unsigned int interface_families(const struct interface *interface);

struct host_entry { /* extra_hosts: "name=address" */
	char *name;
	char *address; /* IPv4 or IPv6 text, checked */
};

enum rootfs_mode { ROOTFS_BIND, ROOTFS_VOLATILE, ROOTFS_OVERLAY };

/* A command that is the init of a whole system: see full_init.h. */
enum full_init {
	FULL_INIT_NONE,
	FULL_INIT_SYSTEMD,
	FULL_INIT_SYSVINIT,
	FULL_INIT_BUSYBOX,
	FULL_INIT_OPENRC,
	FULL_INIT_RUNIT,
};

enum restart_policy { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

/* Whether and when a command that has ended by itself is started again: see lifecycle/restart.h. */
struct restart {
	enum restart_policy policy;
	uint32_t delay_ms, max_delay_ms; /* 100 to an hour */
	uint32_t max_retries;            /* in a row; 0: no limit */
};

enum mount_type { MOUNT_BIND, MOUNT_TMPFS };

/* nodev is always on. */
enum mount_options {
	MOUNT_NOSUID = 1,
	MOUNT_NOEXEC = 2,
	MOUNT_NOATIME = 4,
	MOUNT_RBIND = 8,   /* with what is mounted below the source */
	MOUNT_RSLAVE = 16, /* and with what the host mounts there later */
};

/* An element of mounts. */
struct mount {
	enum mount_type type;
	char *source; /* absolute path on the host; NULL: a tmpfs */
	char *target; /* absolute path in the container, without "." and ".."; NULL: it has errors */
	bool read_only;
	uint64_t size;        /* bytes, of a tmpfs */
	unsigned int mode;    /* of its root directory */
	unsigned int options; /* enum mount_options */
	bool optional;        /* left out where there is no source */
};
#define MOUNTS_MAX     64
#define INTERFACES_MAX 16

/* Programs of the host that are run when a container comes up and goes down, in their order. */
struct hooks {
	struct strlist pre_start, post_start, pre_stop, post_stop; /* absolute paths */
	uint32_t timeout_ms;                                       /* of each */
};
#define HOOKS_NONE                 \
	{                          \
		.timeout_ms = 30000 \
	}

enum log_driver { LOG_FILE, LOG_SYSLOG, LOG_NONE };

#define LOG_FILES_MAX 100

/* Where the payload's output goes. */
struct log_settings {
	enum log_driver driver;
	uint64_t max_size;  /* bytes of a file */
	uint32_t max_files; /* 1 to LOG_FILES_MAX, with the current one */
};
#define LOG_STANDARD                                               \
	{                                                          \
		.driver = LOG_FILE, .max_size = 10 << 20, .max_files = 3 \
	}

/* What a container does to be ready. */
enum ready_kind { READY_NONE, READY_PORT, READY_COMMAND, READY_FILE, READY_NOTIFY };

struct ready { /* one of these at the most, after validation */
	uint16_t port;          /* it accepts TCP connections there; 0: not asked */
	struct strlist command; /* ends with 0 in it */
	char *file;             /* is there; absolute path in the container */
	bool notify;            /* it says so: sd_notify(3) */
	uint32_t timeout_ms;    /* of those who wait for it */
};
#define NOTIFY_SOCKET "/dev/.notify/socket" /* in the container */
#define READY_USUAL          \
	{                            \
		.timeout_ms = 30000 \
	}
enum ready_kind ready_kind(const struct ready *ready);

/* What is done with a container that has become unhealthy. */
enum on_failure { ON_FAILURE_NONE, ON_FAILURE_RESTART, ON_FAILURE_STOP, ON_FAILURE_KILL };
#define ON_FAILURE_COUNT 4
extern const char *const on_failure_names[ON_FAILURE_COUNT]; /* as in the file */

struct health {
	struct strlist command;   /* none: not checked */
	uint32_t interval_ms;     /* between checks, and before the first */
	uint32_t timeout_ms;      /* of one */
	uint32_t retries;         /* failed ones in a row that make it unhealthy */
	uint32_t start_period_ms; /* after its start, in which failures do not count */
	enum on_failure on_failure;
};
#define HEALTH_USUAL                                                   \
	{                                                              \
		.interval_ms = 30000, .timeout_ms = 5000, .retries = 3 \
	}

/* One container. */
struct spec {
	char *name; /* the file's name without .conf */
	char *file; /* path of its file */
	struct strlist extends;
	char *description;
	struct strlist labels; /* "key=value" */
	char *rootfs;          /* absolute path */
	char *rootfs_real;     /* without symbolic links, by validation; NULL: it is not there */
	enum rootfs_mode rootfs_mode;
	uint64_t rootfs_size; /* bytes of changes; LIMIT_MAX: not limited, a volatile one: half of
				* the memory */
	char *rootfs_upper;   /* where an overlay keeps them; NULL: spec_upper() has the default */
	bool read_only;       /* the rootfs with all that is mounted below it on the host */
	struct mount *mounts; /* in the order they are made */
	size_t mount_count;
	char *hostname;
	char *domainname;           /* of NIS; NULL: the host's */
	struct strlist command;     /* argv, at least one */
	bool init;                  /* it is the child of a process 1 of ours */
	bool tty;                   /* it has a terminal of its own: see lifecycle/console.h */
	enum full_init full_init;   /* what it is, by validation; not in a recorded spec */
	struct strlist environment; /* "KEY=value", the whole environment of the payload */
	struct strlist environment_copied; /* names with the host's values, if any; not recorded */
	char *working_dir;
	char *user;                          /* "root", "1000", "1000:1000", "www-data" */
	struct strlist supplementary_groups; /* names and ids, besides those of the rootfs */
	struct limits limits;
	struct interface *interfaces;
	size_t interface_count;
	bool interfaces_listed; /* net is a list of groups: keys are "net[0].ip", not "net.ip" */
	bool host_network;      /* net = "host": the host's network namespace, and no interfaces */
	struct strlist dns;     /* "host", "none" or addresses, as written */
	struct strlist dns_search;
	struct strlist dns_options; /* "ndots:2"; none: the host's, with its servers */
	struct host_entry *extra_hosts;
	size_t extra_host_count;
	struct security security;
	bool autostart;
	struct strlist depends_on; /* containers it needs; see order.h */
	struct strlist after;      /* containers it starts after, where they start as well */
	struct strlist groups;     /* names it can be called by together with others */
	uint32_t start_delay_ms;   /* at boot */
	struct restart restart;
	int stop_signal;
	uint32_t stop_timeout_ms;
	struct log_settings log;
	struct hooks hooks;
	struct ready ready;
	struct health health;
	struct strlist sources; /* files it was read from: see source_collect(); not those of the manager */
	struct origins origins;
};

/* One network (networks.NAME): a bridge of its own unless external or parent say otherwise. */
struct network {
	char *name;
	char bridge[IFNAMSIZ];
	bool external;          /* the bridge is the administrator's */
	char parent[IFNAMSIZ];  /* macvlan on this link of the host, without a bridge; "": none */
	bool internal;          /* no way out of it, and none in */
	bool icc;               /* its containers reach each other */
	bool isolate;           /* the default of its interfaces */
	struct in_addr subnet;  /* address with the host bits zero */
	unsigned int prefix;    /* 8..30 */
	struct in_addr gateway; /* the bridge's own address; INADDR_ANY: there is none */
	struct in_addr pool_first, pool_last; /* inclusive; for ip = "auto" */
	bool subnet6_auto;                    /* made from the machine's id and the name */
	struct in6_addr subnet6;              /* as subnet */
	unsigned int prefix6;                 /* 16..126; 0: no IPv6 */
	struct in6_addr gateway6;             /* as gateway; in6addr_any: there is none */
	enum setting nat;                     /* unset before validation */
	char uplink[IFNAMSIZ];                /* masqueraded is what leaves by it; "": by any link */
	uint32_t mtu;                         /* bytes */
	struct origins origins;
};

#define IPV6_MTU_MIN 1280 /* RFC 8200 */

/* The host bits of an IPv4 address of the network, on its IPv6 subnet. */
struct in6_addr network_map_ip6(const struct network *network, struct in_addr address);

/* Whether an address is on the network's subnet6. */
bool network_has_ip6(const struct network *network, const struct in6_addr *address);

/* Whether it is cman's own: bridge, forwarding and firewall are its business then. */
bool network_is_own(const struct network *network);

enum cgroup_version { CGROUP_AUTO, CGROUP_V1, CGROUP_V2 };

enum firewall_backend { FIREWALL_AUTO, FIREWALL_IPTABLES, FIREWALL_NFTABLES, FIREWALL_NONE };
#define FIREWALL_BACKEND_COUNT 4
extern const char *const firewall_backend_names[FIREWALL_BACKEND_COUNT]; /* as in the file */

/* Who accepts new connections to published ports: cman, or the administrator's own FORWARD. */
enum firewall_publish { PUBLISH_OPEN, PUBLISH_HOST_FIREWALL };

/* How containers are brought up. */
struct boot {
	uint32_t parallel;   /* on their way at a time; 0: all that can be */
	char *group;         /* comes first at boot; NULL: none */
	uint32_t timeout_ms; /* of all that is brought up at boot */
};

/* The manager file. */
struct manager {
	char *file;
	char *conf_dir, *state_dir, *data_dir, *log_dir;
	enum cgroup_version cgroup_version;
	char *cgroup_parent; /* relative path below the cgroup root */
	enum firewall_backend firewall_backend;
	enum firewall_publish firewall_publish;
	bool manage_forward;   /* forwarding is switched on, and FORWARD leads to our chain */
	char *firewall_prefix; /* of chain names: 1 to 10 capitals */
	struct strlist dns_servers, dns_fallback, dns_search;
	char *dns_domain;
	bool dns_hosts; /* siblings find each other through /etc/hosts */
	uint32_t userns_base, userns_size;
	struct boot boot;
	uint32_t shutdown_timeout_ms; /* of all that is stopped when the host goes down */
	struct network *networks; /* in the order of the file */
	size_t network_count;
	struct strlist sources; /* as of a container */
	struct origins origins;
};

/* The key of an interface as its file has it: "net.ip", "net[1].ip". */
#define INTERFACE_KEY_MAX 64
const char *spec_interface_key(const struct spec *spec, const struct interface *interface,
			       const char *member, char out[INTERFACE_KEY_MAX]);

void spec_clear(struct spec *spec);

/* Where an overlay keeps its changes, absolute path: free() it. */
char *spec_upper(const struct spec *spec, const struct manager *manager);
void spec_clear_mounts(struct spec *spec);
void spec_clear_interfaces(struct spec *spec);
void security_clear_devices(struct security *security);
void mount_clear(struct mount *mount);
void limits_clear(struct limits *limits);
void manager_clear(struct manager *manager);
void network_clear(struct network *network);

/*
 * Words for what makes a container less safe than all others (config/marks.h), for those who look: ps,
 * status and check show them.
 */
void spec_list_marks(const struct spec *spec, struct strlist *marks);

const struct network *manager_find_network(const struct manager *manager, const char *name);

#endif
