/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift.h: what the files want, what the records say and what the kernel has, side by side. To look
 * (drift_look.c) fills a scene of plain values, drift_compare() makes a list of differences of it,
 * which printing and mending (drift_repair.c) both take: what looks cannot act.
 */
#ifndef LIFECYCLE_DRIFT_H
#define LIFECYCLE_DRIFT_H

#include "base/text.h"
#include "lifecycle/gate.h"

/* ---- the scene ---- */

/* A bridge: as the manager file has it, as recorded, as it is. */
struct drift_bridge {
	bool there;
	char strange[64]; /* what has its name and is not ours: "a device"; "": nothing has */
	char name[IFNAMSIZ];
	struct in_addr address; /* INADDR_ANY: none */
	unsigned int prefix;
	struct in6_addr address6; /* in6addr_any: none */
	unsigned int prefix6;
	uint32_t mtu; /* bytes */
	bool up, route_localnet;
	bool link_address;     /* it has one of IPv6 */
	bool route_localhost6; /* what it answers to ::1 finds its way */
	bool accept_ra;        /* it would take routes from whoever advertises them */
	bool calls_iptables, calls_ip6tables; /* br_netfilter shows its frames to the rules */
};

struct drift_network {
	char *name;
	uint32_t lowest_mtu; /* of its ports: the kernel gives it to a bridge whose mtu nobody changed */
	struct drift_bridge wanted, recorded, actual;
};

/* The host's end of a veth. Of a macvlan only whether it is there. */
struct drift_port {
	bool there;
	char bridge[IFNAMSIZ]; /* "": on none */
	uint32_t mtu;
	bool up, isolated, hairpin;
	bool accept_ra; /* it would take routes from whoever advertises them */
	struct gate_parts gate;
};

struct drift_interface {
	char name[IFNAMSIZ];      /* inside */
	char host_name[IFNAMSIZ]; /* "": a macvlan, which has none */
	struct drift_port wanted, recorded, actual;
	bool inner_there, inner_up;
	struct inner_facts wanted_facts, recorded_facts; /* with the index it has now */
};

enum drift_state {
	DRIFT_RUNNING,
	DRIFT_WAITING, /* its supervisor waits to start it again: nothing of it runs */
	DRIFT_GONE,    /* its process is, and nobody has cleaned up */
	DRIFT_DAMAGED, /* its record, or what it was started with, cannot be read */
};

/* A file bound over one of the container's; changed is known of those made for it alone. */
struct drift_file {
	const char *name; /* "resolv.conf" */
	bool missing;     /* or another file than the one that is bound */
	bool changed;
};
#define DRIFT_FILES 3

struct drift_container {
	char *name;
	enum drift_state state;
	bool unsupervised; /* it runs or waits, and its supervisor is gone */
	bool own_admin; /* may change its network itself: what it has inside is its own business */
	struct drift_interface *interfaces;
	size_t interface_count;
	struct inner_facts facts;  /* all there is inside */
	struct strlist not_member; /* networks it is on, which do not know it */
	struct drift_file files[DRIFT_FILES];
};

/* A part of the firewall. */
struct drift_rules {
	char *chain;        /* as its tool shows it */
	char *recorded;     /* "5 rules" */
	const char *actual; /* what is wrong: "gone" */
};

struct drift_scene {
	struct drift_network *networks;
	struct drift_container *containers;
	struct drift_rules *rules; /* those that are not as wanted */
	size_t network_count, container_count, rules_count;
	bool forwards[2];    /* whether IPv4, IPv6 are to be forwarded */
	bool forwarding[2];  /* whether they are */
	struct strlist deaf; /* links that no longer listen to routers, as the host forwards IPv6 */
	bool needs_watch;    /* a container has name servers of the host, */
	bool has_watch;      /* and a supervisor watches for others */
	struct strlist hosts; /* hosts files that are not as wanted: names of networks, containers */
	struct strlist hosts_missing; /* those of them that are not there */
	struct strlist damaged;       /* networks whose record cannot be read */
	struct strlist busy;          /* containers another command works on: left alone */
	struct strlist changed;       /* that run otherwise than their files say now */
};
void drift_container_clear(struct drift_container *container);
void drift_scene_clear(struct drift_scene *scene);
#define AUTO_DRIFT_SCENE AUTO(drift_scene_clear)

/* ---- the differences ---- */

/* What mends it; in the order in which it is done. */
enum drift_remedy {
	REMEDY_CLEAN_UP,  /* subject: a container; as `down` does, or a restart, by its policy */
	REMEDY_SUPERVISE, /* a container: it gets another supervisor */
	REMEDY_MEMBER,    /* a container: its networks are told of it again */
	REMEDY_BRIDGE,    /* a network, or "host" */
	REMEDY_MAKE_LINK, /* a container: the link is made anew */
	REMEDY_PORT,      /* a container: the host's end of the link */
	REMEDY_INSIDE,    /* a container */
	REMEDY_COMMIT,    /* rules and hosts files: all at once */
	REMEDY_FILE,  /* a container: the file is written anew, and bound where it is a new one */
	REMEDY_WATCH, /* "host": a supervisor is appointed */
	REMEDY_NONE,  /* it is told, and what to do */
};

struct difference {
	enum drift_remedy remedy;
	char *subject;      /* a container, a network, or "host" */
	unsigned int index; /* of the interface */
	char *what;         /* "c-web: bridge" */
	char *wanted, *recorded, *actual;
	bool mended;
};

struct drift {
	struct difference *items;
	size_t count;
};
void drift_clear(struct drift *drift);
#define AUTO_DRIFT AUTO(drift_clear)

/* Pure. */
void drift_compare(const struct drift_scene *scene, struct drift *drift);

/* Whether two differences are about the same. */
bool drift_same(const struct difference *one, const struct difference *other);

#endif
