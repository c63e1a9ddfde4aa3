#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who reaches whom, over TCP, UDP and ICMP, and with which address he is seen; and what does not
# arrive, whatever routes the others set.
#
#    far ------- router ----+---- outside        containers: a, b   on inner, which does NAT
#    198.51.100.2           +---- sibling                    r, s   on routed, which does none
#                           +---- the host                   d      on both
#
# Everybody out there has routes to both networks of containers by the host. Ports of the host:
# 8080 is a's port 80, 8081 that of r, 8082 and 8083 those of d on either network.
load lib

# One file for both backends and both families: the others are links to this one.
# shellcheck disable=SC2034 # for lib.bash
case $BATS_TEST_FILENAME in
*-nftables.bats) BACKEND=nftables ;;
*) BACKEND=iptables ;;
esac
case $BATS_TEST_FILENAME in
*topology6*) FAMILY=6 ;;
*) FAMILY=4 ;;
esac

TALK=${CMAN%/*}/talk
if [ $FAMILY = 4 ]; then
	HOST=192.0.2.2 OUTSIDE=192.0.2.1 ROUTER=192.0.2.3 SIBLING=192.0.2.4 LAN_PREFIX=24
	FAR=198.51.100.2 FAR_GATEWAY=198.51.100.1 FAR_NET=198.51.100.0/24
	INNER=10.91.0. ROUTED=10.92.0. SUBNET=0/24
else
	HOST=2001:db8:2::2 OUTSIDE=2001:db8:2::1 ROUTER=2001:db8:2::3 SIBLING=2001:db8:2::4 LAN_PREFIX=64
	FAR=2001:db8:51::2 FAR_GATEWAY=2001:db8:51::1 FAR_NET=2001:db8:51::/64
	INNER=fd00:91:: ROUTED=fd00:92:: SUBNET=/64
fi

# A host with an address on the link.
node() { # NAME ADDRESS/PREFIX NEAR FAR_NAMESPACE_OF_THE_OTHER_END
	local name=$1

	machine ip netns add "$name"
	machine sh -c "ip netns exec $name sh -c 'echo 0 | tee /proc/sys/net/ipv6/conf/*/accept_dad' >/dev/null"
	machine ip -n "$name" link set lo up
	machine ip -n "$name" link add eth0 type veth peer name "to-$name" netns "$3"
	machine ip -n "$name" address add "$2" dev eth0
	machine ip -n "$name" link set eth0 up
	machine ip -n "$3" link set "to-$name" up
	[ "$3" != outside ] || machine ip -n outside link set "to-$name" master lan
}

routes_to_containers() { # NAMESPACE
	machine ip -n "$1" route replace "${INNER}$SUBNET" via "$2"
	machine ip -n "$1" route replace "${ROUTED}$SUBNET" via "$2"
}

# The link of the host's uplink is a bridge in the namespace "outside", with more hosts on it.
prepare() {
	machine sh -c "ip netns exec outside sh -c 'echo 0 | tee /proc/sys/net/ipv6/conf/*/accept_dad' >/dev/null"
	machine sh -c 'echo 0 | tee /proc/sys/net/ipv6/conf/*/accept_dad' >/dev/null
	machine ip -n outside link add lan type bridge
	machine ip -n outside link set uplink1 master lan
	machine ip -n outside address flush dev uplink1
	machine ip -n outside address add $OUTSIDE/$LAN_PREFIX dev lan
	machine ip -n outside link set lan up
	[ $FAMILY = 4 ] || machine ip address add $HOST/$LAN_PREFIX dev $UPLINK nodad
	node sibling $SIBLING/$LAN_PREFIX outside
	node router $ROUTER/$LAN_PREFIX outside
	node far $FAR/$LAN_PREFIX router
	machine ip -n router address add $FAR_GATEWAY/$LAN_PREFIX dev to-far
	machine ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	machine ip -n far route add default via $FAR_GATEWAY
	for name in outside sibling router; do
		routes_to_containers $name $HOST
	done
	machine ip -n outside route add $FAR_NET via $ROUTER
	machine ip -n sibling route add $FAR_NET via $ROUTER
	machine ip route add $FAR_NET via $ROUTER
	carriers() {
		machine sh -c 'for name in sibling router far; do
			[ "$(ip netns exec $name cat /sys/class/net/eth0/operstate)" = up ] || exit 1; done'
	}
	wait_until 5 carriers
	write_networks
}

write_networks() {
	local six=

	[ $FAMILY = 4 ] || six='yes'
	write_manager "networks : {
		inner : { subnet = \"10.91.0.0/24\"; ${six:+subnet6 = \"fd00:91::/64\";} };
		routed : { subnet = \"10.92.0.0/24\"; nat = false; ${six:+subnet6 = \"fd00:92::/64\";} };
	};"
	attached a 'net : { network = "inner"; ip = "10.91.0.5"; ports = [ "8080:80", "8080:80/udp" ]; };'
	attached b 'net : { network = "inner"; ip = "10.91.0.6"; };'
	attached r 'net : { network = "routed"; ip = "10.92.0.5"; ports = [ "8081:80", "8081:80/udp" ]; };'
	attached s 'net : { network = "routed"; ip = "10.92.0.6"; };'
	attached d 'net = ( { network = "inner"; ip = "10.91.0.7"; ports = [ "8082:80", "8082:80/udp" ]; },
		{ network = "routed"; ip = "10.92.0.7"; ports = [ "8083:80", "8083:80/udp" ]; } );'
}

attached() { # NAME NET
	[ -d "$(path "$T/rootfs/shared")" ] || make_rootfs shared
	container "$1" <<-END
	rootfs = "$T/rootfs/shared";
	read_only = true;
	command = [ "/bin/sleep", "1000" ];
	stop_signal = "SIGKILL";
	$2
	END
}

# --- talking -------------------------------------------------------------------------------------

# at NAME CMD...: in the network of a container, of a host out there, or of the machine itself.
at() {
	local name=$1

	shift
	case $name in
	host) machine "$@" ;;
	outside | sibling | router | far) machine nsenter --net="/run/netns/$name" -- "$@" ;;
	*) machine nsenter --net="/proc/${PIDS[$name]}/ns/net" -- "$@" ;;
	esac
}
declare -gA PIDS=()

# up NAME...: these run, and everybody listens on port 80.
start() {
	local name

	run_ok cman up "$@"
	for name in "$@"; do PIDS[$name]=$(pid_of "$name"); done
	for name in host outside sibling far "$@"; do
		machine touch "/run/$name.log"
		at "$name" timeout 90 "$TALK" $FAMILY listen 80 "/run/$name.log" \
			>"$BATS_TEST_TMPDIR/$name.talk" 2>&1 3>&- &
		LISTENERS[$!]=$name
	done
	for name in host outside sibling far "$@"; do
		wait_until 5 grep -q ready "$BATS_TEST_TMPDIR/$name.talk"
	done
}
declare -gA LISTENERS=()

# They end with their logs.
finish() {
	local pid

	machine sh -c 'rm /run/*.log'
	for pid in "${!LISTENERS[@]}"; do
		wait "$pid" || { echo "listener of ${LISTENERS[$pid]}: status $?"; return 1; }
	done
	LISTENERS=()
}

ask() { at "$1" "$TALK" $FAMILY ask "$2" "$3" "$4" "$5"; } # FROM PROTOCOL ADDRESS PORT MILLISECONDS

log_is() { [ "$(sort -u "$(path "/run/$1.log")")" = "$2" ]; } # NAME TEXT

# "$2 -> $3" over each protocol: it is answered, and seen as coming from that address.
seen() { # PROTOCOLS FROM TO ADDRESS PORT SOURCE
	local protocol answer

	for protocol in $1; do
		machine sh -c ": >/run/$3.log"
		answer=$(ask "$2" "$protocol" "$4" "$5" 3000) || {
			echo "$protocol from $2 to $3 ($4 $5): no answer; arrived: $(cat "$(path "/run/$3.log")")"
			return 1
		}
		wait_until 2 log_is "$3" "$protocol $6" || {
			echo "$protocol from $2 to $3 ($4 $5) is seen as: $(cat "$(path "/run/$3.log")"), not $6"
			return 1
		}
		[ "$protocol" = icmp ] || assert_equal "$answer" "$6"
	done
}

# "$2 -> $3": no answer, and nothing of it has arrived there.
unseen() { # PROTOCOLS FROM TO ADDRESS PORT
	local protocol

	for protocol in $1; do
		machine sh -c ": >/run/$3.log"
		if ask "$2" "$protocol" "$4" "$5" 300; then
			echo "$protocol from $2 to $3 ($4 $5) is answered"
			return 1
		fi
		log_is "$3" "" || {
			echo "$protocol from $2 arrives at $3: $(cat "$(path "/run/$3.log")")"
			return 1
		}
	done
}

ALL="tcp udp icmp"

@test "published ports, from every side: who asks is seen" {
	start a r d
	while read -r from address; do
		seen "tcp udp" "$from" a $HOST 8080 "$address"
		seen "tcp udp" "$from" r $HOST 8081 "$address"
		seen "tcp udp" "$from" d $HOST 8082 "$address"
		seen "tcp udp" "$from" d $HOST 8083 "$address"
		# The host itself answers what is for it and not published.
		seen "$ALL" "$from" host $HOST 80 "$address"
	done <<-END
	outside $OUTSIDE
	sibling $SIBLING
	far $FAR
	END
	finish
}

@test "a routed network is reached from every side, with all addresses as they are" {
	start r d
	while read -r from address; do
		seen "$ALL" "$from" r ${ROUTED}5 80 "$address"
		# The answer leaves by the interface that was asked, which has no default route.
		seen "$ALL" "$from" d ${ROUTED}7 80 "$address"
		seen "$ALL" r "$from" "$address" 80 ${ROUTED}5
	done <<-END
	outside $OUTSIDE
	sibling $SIBLING
	far $FAR
	END
	finish
}

@test "a network with NAT is not reached by its addresses, and goes out behind the host" {
	start a b d
	for from in outside sibling far; do
		unseen "$ALL" $from a ${INNER}5 80
		unseen "$ALL" $from d ${INNER}7 80
	done
	while read -r to address; do
		seen "$ALL" a "$to" "$address" 80 $HOST
		seen "$ALL" d "$to" "$address" 80 $HOST
	done <<-END
	outside $OUTSIDE
	sibling $SIBLING
	far $FAR
	END
	# What was let out does not let in.
	unseen "$ALL" outside a ${INNER}5 80
	finish
}

@test "siblings and the host see each other as they are" {
	start a b r s
	seen "$ALL" a b ${INNER}6 80 ${INNER}5
	seen "$ALL" b a ${INNER}5 80 ${INNER}6
	seen "$ALL" r s ${ROUTED}6 80 ${ROUTED}5
	seen "$ALL" host a ${INNER}5 80 ${INNER}1
	seen "$ALL" host r ${ROUTED}5 80 ${ROUTED}1
	seen "$ALL" a host ${INNER}1 80 ${INNER}5
	seen "$ALL" a host $HOST 80 ${INNER}5
	seen "$ALL" r host ${ROUTED}1 80 ${ROUTED}5
	seen "$ALL" r host $HOST 80 ${ROUTED}5
	finish
}

@test "across networks: into the routed one, and into that with NAT by published ports alone" {
	start a r
	seen "$ALL" a r ${ROUTED}5 80 ${ROUTED}1
	unseen "$ALL" r a ${INNER}5 80
	seen "tcp udp" r a $HOST 8080 ${ROUTED}5
	seen "tcp udp" a r $HOST 8081 ${ROUTED}1
	finish
}

@test "published ports, from the host, from a sibling and from the container itself" {
	start a b r s
	seen "tcp udp" host a $HOST 8080 $HOST
	seen "tcp udp" host r $HOST 8081 $HOST
	if [ $FAMILY = 4 ]; then
		seen "tcp udp" host a 127.0.0.1 8080 ${INNER}1
		seen "tcp udp" host r 127.0.0.1 8081 ${ROUTED}1
	fi
	for address in $HOST ${INNER}1; do
		seen "tcp udp" b a $address 8080 ${INNER}1
		seen "tcp udp" a a $address 8080 ${INNER}1
	done
	seen "tcp udp" s r $HOST 8081 ${ROUTED}1
	seen "tcp udp" r r $HOST 8081 ${ROUTED}1
	finish
}
