/**
 * The one port of a service that Nacos knows: Nacos has ports of instances only, which may differ. It is the same whatever they are,
 * so that a service does not change its face with its instances.
 */
export const SERVICE_PORT = 80;
