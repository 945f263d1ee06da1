/** Addresses of the public internet: everything else may be something that trusts whoever can reach it. */
import ipaddr from "ipaddr.js";

/** Addresses of the public ranges that clouds answer their own machines at: Azure's host agent. */
const CLOUD_SERVICES = ["168.63.129.16"];

/** The part of IPv6 that is handed out to the public. */
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3");

/** Names that no public server has, whatever they resolve to here: RFC 6761, 6762, 8375 and 9476. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|intranet|lan|corp|home)\.?$/i;

/**
 * True for an IPv4 or IPv6 address of the public internet; false for loopback, private, link-local, shared, multicast,
 * documentation, reserved and translated (NAT64, 6to4, Teredo) ones, and for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== "unicast") return false;
  if (CLOUD_SERVICES.includes(address.toString())) return false;
  return address.kind() === "ipv4" || address.match(GLOBAL_UNICAST);
}

/** True for a name that is only used inside networks. */
export function isPrivateName(name: string): boolean {
  return PRIVATE_NAMES.test(name);
}
