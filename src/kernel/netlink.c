/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netlink_private.h"
#include "kernel/sysctl.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/process.h"

#define ANSWER_TIMEOUT_S    10
#define RECEIVE_BYTES       32768  /* the kernel fills a dump's messages up to this */
#define SOCKET_BUFFER_BYTES 262144 /* holds the answers to a whole batch; the host may cap it */

void netlink_close(struct netlink **netlink)
{
	int saved = errno;

	if (*netlink) {
		nl_socket_free((*netlink)->socket);
		free(*netlink);
	}
	*netlink = NULL;
	errno = saved;
}

struct netlink *netlink_open(struct error *err)
{
	AUTO_NETLINK struct netlink *netlink = xalloc(1, sizeof(*netlink));
	struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	int on = 1, rc, fd;

	netlink->socket = nl_socket_alloc();
	if (!netlink->socket) {
		error_set(err, ENOMEM, "open rtnetlink socket");
		return NULL;
	}
	rc = nl_connect(netlink->socket, NETLINK_ROUTE);
	if (rc < 0) {
		error_set(err, 0, "open rtnetlink socket: %s", nl_geterror(rc));
		return NULL;
	}
	fd = nl_socket_get_fd(netlink->socket);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0) {
		error_set(err, errno, "set up rtnetlink socket");
		return NULL;
	}
	nl_socket_disable_msg_peek(netlink->socket);
	rc = nl_socket_set_msg_buf_size(netlink->socket, RECEIVE_BYTES);
	if (rc == 0)
		rc = nl_socket_set_buffer_size(netlink->socket, SOCKET_BUFFER_BYTES,
					       SOCKET_BUFFER_BYTES);
	if (rc < 0) {
		error_set(err, 0, "set up rtnetlink socket: %s", nl_geterror(rc));
		return NULL;
	}
	return take_pointer(&netlink);
}

int netlink_refuse_router_advertisements(const char *name, struct error *err)
{
	char knob[sizeof("net/ipv6/conf//accept_ra") + IFNAMSIZ], value[16];
	struct error reason;

	snprintf(knob, sizeof(knob), "net/ipv6/conf/%s/accept_ra", name);
	if (sysctl_write(knob, "0", &reason) == 0 || reason.code == ENOENT)
		return 0;
	/* /proc/sys may be read-only and the value right all the same. */
	if (sysctl_read(knob, value, sizeof(value), NULL) == 0 && strcmp(value, "0") == 0)
		return 0;
	if (err)
		*err = reason;
	return -1;
}

static struct netlink *open_in(int netns_fd, bool to_look, struct error *err)
{
	struct netlink *netlink;
	AUTO_FD int own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (own_fd < 0) {
		error_set(err, errno, "open our network namespace");
		return NULL;
	}
	if (setns(netns_fd, CLONE_NEWNET) < 0) {
		error_set(err, errno, "enter network namespace");
		return NULL;
	}
	netlink = netlink_open(err);
	if (netlink && !to_look && netlink_refuse_router_advertisements("default", err) < 0)
		netlink_close(&netlink);
	/* In the wrong namespace everything that follows would hit the wrong machine. */
	if (setns(own_fd, CLONE_NEWNET) < 0)
		abort();
	return netlink;
}

struct netlink *netlink_open_in(int netns_fd, struct error *err)
{
	return open_in(netns_fd, false, err);
}

struct netlink *netlink_look_in(int netns_fd, struct error *err)
{
	return open_in(netns_fd, true, err);
}

void netlink_batch_clear(struct netlink_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->requests[i].what);
	free(batch->requests);
	text_clear(&batch->bytes);
	*batch = (struct netlink_batch){0};
}

int netlink_batch_add(struct netlink_batch *batch, struct nl_msg *message, int tolerated,
		      struct error *err, const char *fmt, ...)
{
	static const char padding[NLMSG_ALIGNTO];
	AUTO_FREE char *what = NULL;
	struct nlmsghdr *header;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&what, fmt, args) < 0)
		what = xstrdup("rtnetlink request");
	va_end(args);
	if (!message)
		return error_set(err, ENOMEM, "%s", what);
	header = nlmsg_hdr(message);
	text_add(&batch->bytes, (const char *)header, header->nlmsg_len);
	text_add(&batch->bytes, padding, NLMSG_ALIGN(header->nlmsg_len) - header->nlmsg_len);
	nlmsg_free(message);
	batch->requests = xrealloc(batch->requests, batch->count + 1, sizeof(*batch->requests));
	batch->requests[batch->count++] = (struct netlink_request){
		.what = take_pointer(&what),
		.tolerated = tolerated,
	};
	return 0;
}

/* Numbers the requests, so that the answers can be told apart. Returns the first number. */
static uint32_t number_requests(struct netlink *netlink, struct netlink_batch *batch)
{
	uint32_t port = nl_socket_get_local_port(netlink->socket);
	uint32_t first = nl_socket_use_seq(netlink->socket);
	uint32_t sequence = first;

	for (size_t at = 0; at < batch->bytes.length;) {
		struct nlmsghdr *header = (struct nlmsghdr *)(void *)(batch->bytes.data + at);

		if (at > 0)
			sequence = nl_socket_use_seq(netlink->socket);
		header->nlmsg_seq = sequence;
		header->nlmsg_pid = port;
		header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
	return first;
}

/* What came back for a batch so far. */
struct answers {
	uint32_t first;   /* sequence number of the first request */
	size_t open;      /* requests without an answer */
	size_t failed;    /* index of the first one refused, SIZE_MAX: none */
	int code;         /* its errno value */
	char reason[256]; /* the kernel's words, or "" */
};

/* The text of an extended ack: after the header of our request, which is all it quotes of it. */
static void read_reason(struct nlmsghdr *header, size_t fixed_length, char *out, size_t size)
{
	struct nlattr *attribute;

	out[0] = '\0';
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	attribute = nlmsg_find_attr(header, (int)fixed_length, NLMSGERR_ATTR_MSG);
	if (attribute)
		nla_strlcpy(out, attribute, size);
}

static void take_answer(struct nlmsghdr *header, struct netlink_batch *batch,
			struct answers *answers)
{
	size_t index = header->nlmsg_seq - answers->first;
	size_t fixed_length = sizeof(struct nlmsgerr);
	int code = 0;

	if (header->nlmsg_type == NLMSG_DONE)
		fixed_length = sizeof(int);
	if ((size_t)nlmsg_datalen(header) >= fixed_length)
		memcpy(&code, nlmsg_data(header), sizeof(code)); /* both begin with -errno */
	code = -code;
	answers->open--;
	if (code == 0 || code == batch->requests[index].tolerated || index >= answers->failed)
		return;
	answers->failed = index;
	answers->code = code;
	read_reason(header, fixed_length, answers->reason, sizeof(answers->reason));
}

/* Receives one datagram and sorts out its messages. */
static int receive(struct netlink *netlink, struct netlink_batch *batch, struct answers *answers,
		   netlink_handler *handle, void *data, struct error *err)
{
	uint32_t port = nl_socket_get_local_port(netlink->socket);
	AUTO_FREE unsigned char *bytes = NULL;
	struct sockaddr_nl from;
	struct nlmsghdr *header;
	int length = nl_recv(netlink->socket, &from, &bytes, NULL);

	if (length == -NLE_AGAIN)
		return error_set(err, ETIMEDOUT, "the kernel did not answer within %d s",
				 ANSWER_TIMEOUT_S);
	if (length == -NLE_NOMEM) /* ENOBUFS: announcements were lost, never answers to us */
		return 0;
	if (length < 0)
		return error_set(err, 0, "receive: %s", nl_geterror(length));
	header = (struct nlmsghdr *)(void *)bytes;
	for (; length > 0 && nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
		/* Announcements to all carry the numbers of whoever caused them: not ours. */
		if (header->nlmsg_pid != port || from.nl_pid != 0 ||
		    header->nlmsg_seq - answers->first >= batch->count)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
			take_answer(header, batch, answers);
		else if (handle)
			handle(header, data);
	}
	return 0;
}

/* The first refusal as an error, in the kernel's words where it has some. */
static int refuse(const struct netlink_batch *batch, const struct answers *answers,
		  struct error *err)
{
	return error_set(err, answers->code, "%s%s%s", batch->requests[answers->failed].what,
			 answers->reason[0] ? ": " : "", answers->reason);
}

int netlink_send(struct netlink *netlink, struct netlink_batch *batch, netlink_handler *handle,
		 void *data, struct error *err)
{
	struct answers answers = {.open = batch->count, .failed = SIZE_MAX};
	int rc;

	if (batch->count == 0)
		return 0;
	answers.first = number_requests(netlink, batch);
	rc = nl_sendto(netlink->socket, batch->bytes.data, batch->bytes.length);
	if (rc < 0)
		return error_set(err, 0, "%s: %s", batch->requests[0].what, nl_geterror(rc));
	while (answers.open > 0)
		if (receive(netlink, batch, &answers, handle, data, err) < 0)
			return error_wrap(err, "%s", batch->requests[0].what);
	return answers.failed == SIZE_MAX ? 0 : refuse(batch, &answers, err);
}

int netlink_dump(struct netlink *netlink, int type, int family, netlink_handler *handle, void *data,
		 struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_DUMP);
	/* The longest of the headers; what is not set means "all". */
	struct rtmsg header = {.rtm_family = (unsigned char)family};

	if (message && nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		message = NULL;
	}
	if (netlink_batch_add(&batch, message, 0, err, "list %s",
			      type == RTM_GETADDR ? "addresses" : "routes") < 0)
		return -1;
	/*
	 * A list that changed while it was read (NLM_F_DUMP_INTR) is taken as it is: what comes
	 * or goes at that moment could do so a moment later just as well.
	 */
	return netlink_send(netlink, &batch, handle, data, err);
}

int netlink_check_name(const char *name, struct error *err)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ)
		return error_set(err, ENAMETOOLONG, "link name \"%s\" must have 1 to %d characters",
				 name, IFNAMSIZ - 1);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, EINVAL, "link name \"%s\"", name);
	for (const char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || !isgraph((unsigned char)*c))
			return error_set(err, EINVAL, "link name \"%s\"", name);
	return 0;
}

int netlink_find_index(struct netlink *netlink, const char *name)
{
	struct ifreq request = {0};

	/* netdevice(7); unlike RTM_GETLINK it does not wait for whoever holds the rtnl lock. */
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(nl_socket_get_fd(netlink->socket), SIOCGIFINDEX, &request) < 0)
		return 0;
	return request.ifr_ifindex;
}

bool netlink_find_name(struct netlink *netlink, int index, char out[IFNAMSIZ])
{
	struct ifreq request = {.ifr_ifindex = index};

	if (ioctl(nl_socket_get_fd(netlink->socket), SIOCGIFNAME, &request) < 0)
		return false;
	memcpy(out, request.ifr_name, IFNAMSIZ);
	return true;
}

/*
 * Waits until no link of that name is left, with the announcements of links turned on already.
 * batch, answers: requests on their way, whose failure ends the wait. 1 gone, 0 not.
 */
static int watch_until_gone(struct netlink *netlink, struct netlink_batch *batch,
			    struct answers *answers, const char *name, int timeout_ms,
			    struct error *err)
{
	uint64_t end = process_monotonic_ms() + (uint64_t)timeout_ms;

	/*
	 * Any announcement is a reason to look again, whatever it says. The name goes before the
	 * last one is sent, so none is waited for in vain.
	 */
	while (netlink_find_index(netlink, name) != 0) {
		uint64_t now = process_monotonic_ms();
		int rc = process_poll(nl_socket_get_fd(netlink->socket),
				      now < end ? (int)(end - now) : 0, err);

		if (rc <= 0)
			return rc;
		if (receive(netlink, batch, answers, NULL, NULL, err) < 0)
			return -1;
		if (answers->failed != SIZE_MAX)
			return refuse(batch, answers, err);
	}
	return 1;
}

static int listen_to_links(struct netlink *netlink, struct error *err)
{
	int rc = nl_socket_add_membership(netlink->socket, RTNLGRP_LINK);

	return rc < 0 ? error_set(err, 0, "listen to link events: %s", nl_geterror(rc)) : 0;
}

static void stop_listening(struct netlink *netlink)
{
	char discarded[64];

	nl_socket_drop_membership(netlink->socket, RTNLGRP_LINK);
	/* What came in the meantime would only fill the socket. */
	while (recv(nl_socket_get_fd(netlink->socket), discarded, sizeof(discarded),
		    MSG_DONTWAIT) >= 0)
		;
}

/* Sends the batch from a process of its own, in which nothing but system calls happens. */
static int send_aside(struct netlink *netlink, const struct netlink_batch *batch, struct error *err)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = nl_socket_get_fd(netlink->socket);
	pid_t pid = process_fork_aside(&fd, 1);

	if (pid > 0)
		return 0;
	/* No process to be had (pids limit): then we wait for the kernel ourselves. */
	if (sendto(fd, batch->bytes.data, batch->bytes.length, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 &&
	    pid < 0)
		return error_set(err, errno, "%s", batch->requests[0].what);
	if (pid == 0)
		_exit(0);
	return 0;
}

int netlink_send_until_gone(struct netlink *netlink, struct netlink_batch *batch, const char *name,
			    struct error *err)
{
	struct answers answers = {.open = batch->count, .failed = SIZE_MAX};
	int gone;

	if (listen_to_links(netlink, err) < 0)
		return -1;
	answers.first = number_requests(netlink, batch);
	gone = send_aside(netlink, batch, err);
	if (gone == 0)
		gone = watch_until_gone(netlink, batch, &answers, name, ANSWER_TIMEOUT_S * 1000,
					err);
	stop_listening(netlink);
	if (gone == 0)
		return error_set(err, ETIMEDOUT, "link %s is still there after %d s", name,
				 ANSWER_TIMEOUT_S);
	return gone < 0 ? -1 : 0;
}
