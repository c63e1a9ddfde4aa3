/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values.h: the types of values that the tables of keys.h are made of. */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "config/keys.h"

/* field: char * */
extern const struct value_type type_text;      /* up to 255 bytes; "" is NULL */
extern const struct value_type type_path;      /* absolute */
extern const struct value_type type_plain_path; /* absolute, not "/", no ".." */
extern const struct value_type type_directory; /* may be relative to the manager file */
extern const struct value_type type_hostname;
extern const struct value_type type_domainname;
extern const struct value_type type_domain; /* may be "" */
extern const struct value_type type_user;
extern const struct value_type type_name; /* of a network */
extern const struct value_type type_cgroup_path;
extern const struct value_type type_chain_prefix;
extern const struct value_type type_seccomp;
extern const struct value_type type_apparmor;

extern const struct value_type type_userns; /* struct userns */

/* field: bool, int, uint32_t, uint64_t */
extern const struct value_type type_boolean;
extern const struct value_type type_version;        /* no field: only 1 is known */
extern const struct value_type type_cgroup_version; /* enum cgroup_version */
extern const struct value_type type_firewall_backend; /* enum firewall_backend */
extern const struct value_type type_firewall_publish; /* enum firewall_publish */
extern const struct value_type type_signal;         /* int */
extern const struct value_type type_time;           /* uint32_t, milliseconds up to an hour */
extern const struct value_type type_mtu;            /* uint32_t, bytes */
extern const struct value_type type_id;             /* uint32_t */
extern const struct value_type type_id_count;       /* uint32_t */
extern const struct value_type type_pids;           /* uint64_t */
extern const struct value_type type_memory;         /* uint64_t, bytes */
extern const struct value_type type_cpus;           /* uint64_t, microseconds per CPU_PERIOD_US */

extern const struct value_type type_memory_or_none; /* uint64_t, bytes, from 0 on */
extern const struct value_type type_weight;         /* uint32_t, 1 to 10000 */
extern const struct value_type type_score;          /* int, -1000 to 1000 */

/* members of struct restart */
extern const struct value_type type_restart_policy; /* enum restart_policy */
extern const struct value_type type_restart_delay;  /* uint32_t, milliseconds, 100 to an hour */
extern const struct value_type type_restart_count;  /* uint32_t, 0 to 1000 */

extern const struct value_type type_container_names; /* struct strlist */
extern const struct value_type type_group_names;     /* likewise, of groups of containers */

/* members of struct boot */
extern const struct value_type type_parallel;   /* uint32_t, 0 to 256 */
extern const struct value_type type_group_name; /* char *, "" is NULL */

/* limits.*; field: as named, type_io, type_nofile and type_ulimits: struct limits */
extern const struct value_type type_cpu_list; /* char *, NULL: "all" */
extern const struct value_type type_io;
extern const struct value_type type_nofile;
extern const struct value_type type_ulimits;
extern const struct value_type type_raw; /* struct strlist */

/* field: struct strlist */
extern const struct value_type type_template_names;
extern const struct value_type type_labels;
extern const struct value_type type_command;
extern const struct value_type type_environment;
extern const struct value_type type_dns_servers; /* addresses, "host" or "none" */
extern const struct value_type type_addresses;
extern const struct value_type type_domains;
extern const struct value_type type_resolver_options;
extern const struct value_type type_groups; /* names and ids */
extern const struct value_type type_paths; /* as type_plain_path */
extern const struct value_type type_sysctls;
extern const struct value_type type_capabilities;

extern const struct value_type type_rootfs_mode; /* enum rootfs_mode */
extern const struct value_type type_rootfs_size; /* uint64_t, bytes */

/* members of struct ready and struct health */
extern const struct value_type type_tcp_port;     /* uint16_t */
extern const struct value_type type_check_command; /* struct strlist, may be empty */
extern const struct value_type type_inner_path;   /* char *, "" is NULL */
extern const struct value_type type_wait;         /* uint32_t, milliseconds, 1s to 1h */
extern const struct value_type type_period;       /* the same, 1s to 1d */
extern const struct value_type type_start_period; /* the same, 0 to 1d */
extern const struct value_type type_retries;      /* uint32_t */
extern const struct value_type type_on_failure;   /* enum on_failure */

/* members of struct mount */
extern const struct value_type type_mount_target;  /* char * */
extern const struct value_type type_mount_type;    /* enum mount_type */
extern const struct value_type type_mount_size;    /* uint64_t, bytes */
extern const struct value_type type_mode;          /* unsigned int */
extern const struct value_type type_mount_options; /* unsigned int: enum mount_options */

/* members of struct device */
extern const struct value_type type_device_path;   /* char * */
extern const struct value_type type_device_access; /* unsigned int: enum device_access */

/* field: the struct itself, as several of its fields are set */
extern const struct value_type type_interfaces;     /* struct spec */
extern const struct value_type type_rootfs;         /* struct spec */
extern const struct value_type type_mounts;         /* struct spec */
extern const struct value_type type_devices;        /* struct security */
extern const struct value_type type_extra_hosts;    /* struct spec */
extern const struct value_type type_interface_name; /* struct interface or struct network: char[] */
extern const struct value_type type_ip6;            /* struct interface */
extern const struct value_type type_subnet6;        /* struct network */
extern const struct value_type type_gateway6;       /* struct in6_addr; may be "" */
extern const struct value_type type_parent;         /* struct network: char[]; may be "" */
extern const struct value_type type_uplink;         /* struct network: char[]; "auto" is "" */
extern const struct value_type type_ip;             /* struct interface */
extern const struct value_type type_mac;            /* struct interface */
extern const struct value_type type_inner_mtu;      /* uint32_t, bytes; 0: as the network */
extern const struct value_type type_setting;         /* enum setting */
extern const struct value_type type_bandwidth;      /* uint64_t, bits per second */
extern const struct value_type type_routes;         /* struct interface */
extern const struct value_type type_aliases;        /* struct strlist */
extern const struct value_type type_nat;            /* struct interface */
extern const struct value_type type_ports;          /* struct interface */
extern const struct value_type type_egress_default; /* bool: deny */
extern const struct value_type type_egress_list;    /* struct egress_list */
extern const struct value_type type_subnet;         /* struct network */
extern const struct value_type type_address;        /* struct in_addr */
extern const struct value_type type_pool;           /* struct network */
extern const struct value_type type_networks;       /* struct manager */
extern const struct value_type type_defaults;       /* checked only: see layers.h */
extern const struct value_type type_templates;

/* The lists of groups, element by element: of struct spec, security and limits. */
extern const struct key_elements interface_elements, mount_elements, device_elements, io_elements;

/* members of struct log_settings */
extern const struct value_type type_log_driver; /* enum log_driver */
extern const struct value_type type_log_size;   /* uint64_t, bytes */
extern const struct value_type type_log_files;  /* uint32_t */

/* Whether a path is absolute, not "/" and without ".."; takes "//" and "/." out of it. */
int value_tidy_path(char *path, struct error *err);

/* Whether it can be the name of a user or group, as useradd(8) allows them, or an id. */
bool value_is_user_name(const char *text, size_t length);
/* "auto", "none" or "0:100000:65536". */
void userns_format(const struct userns *userns, char out[PARSE_TEXT_MAX]);

/* Whether it is at or below what cman itself puts into a container's /dev. */
bool value_is_own_device(const char *path);

/*
 * A size in bytes from lowest to highest, an integer or a string like "512M"; form says in the message
 * what is allowed: "at least 4K".
 */
int value_read_size(struct assignment *assignment, const struct node *value, uint64_t lowest,
		    uint64_t highest, const char *form, uint64_t *bytes);
/* "64M" */
void value_print_size(uint64_t bytes, struct text *out);

/* Likewise a time in milliseconds, an integer of seconds or a string like "1m30s". */
int value_read_time(struct assignment *assignment, const struct node *value, uint64_t lowest,
		    uint64_t highest, const char *form, uint32_t *ms);

/* Whether it can be the name of a group of containers. */
int value_check_group_name(const char *text, struct error *err);

/* Appends text as a string of the files: quoted, with escapes where they are needed. */
void value_print_string(const char *text, struct text *out);

/* An address a host can have; 0/8, 127/8 and 224/3 are none. */
int value_read_host_address(struct assignment *assignment, const struct node *value,
			    struct in_addr *address);

/* The same of IPv6: not unspecified, loopback, link-local, mapped or multicast. */
int value_read_host_address6(struct assignment *assignment, const struct node *value,
			     struct in6_addr *address);

#endif
