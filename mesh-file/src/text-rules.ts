import { isIP } from 'node:net';
import { isLaneName } from '@lanekeeper/protocol/lane-name';
import { isNetwork } from '@lanekeeper/runtime/networks';
import { isHost } from '@lanekeeper/runtime/socket-address';
import type { TextRule } from './scalar-decoders.ts';
import { isName, isServiceName, parseServiceRef } from './service-name.ts';

/** HTTP's token (RFC 9110 section 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const NAME: TextRule = {
  expected: 'a name of letters, digits, "-", "." and "_"',
  accepts: isName,
};

/** One that an object declares is called `namespace/name`. */
export const GROUP_NAME: TextRule = {
  expected: 'the name of a group: name or namespace/name, of letters, digits, "-", "." and "_"',
  accepts: (text) => {
    const parts = text.split('/');
    return parts.length <= 2 && parts.every(isName);
  },
};

export const WORKLOAD: TextRule = {
  expected: 'a workload: app or namespace/app',
  accepts: (text) => parseServiceRef(text) !== undefined,
};

export const SERVICE_NAME: TextRule = {
  expected: 'the name of a service: at most 253 characters, without "/", white space and invisible ones',
  accepts: isServiceName,
};

export const LANE_NAME: TextRule = {
  expected: 'a lane name: lower-case letters, digits and "-", at most 63 characters',
  accepts: isLaneName,
};

export const TOKEN_TEXT: TextRule = { expected: 'a token (RFC 9110)', accepts: (text) => TOKEN.test(text) };

export const HEADER_NAME: TextRule = { expected: 'a header name', accepts: (text) => TOKEN.test(text) };

export const METHOD: TextRule = {
  expected: 'a method in capital letters, such as GET',
  accepts: (text) => TOKEN.test(text) && text === text.toUpperCase(),
};

export const HOST: TextRule = {
  expected: 'an IP address (IPv6 without brackets) or a host name, without port',
  accepts: isHost,
};

export const HOST_NAME: TextRule = {
  expected: 'a host name without scheme, port and path',
  accepts: (text) => isHost(text) && isIP(text) === 0,
};

export const HOST_PATTERN: TextRule = {
  expected: 'a host name without port, *.example.com, or "*"',
  accepts: (text) => text === '*' || isHost(text.startsWith('*.') ? text.slice(2) : text),
};

export const IP_ADDRESS: TextRule = { expected: 'an IP address', accepts: (text) => isIP(text) !== 0 };

export const NETWORK: TextRule = {
  expected: 'a network such as 10.0.0.0/8 or fd00::/8, or a single IP address',
  accepts: isNetwork,
};

export const PATH: TextRule = {
  expected: 'a path that starts with "/", without "?" and "#"',
  accepts: (text) => /^\/[^?#\s]*$/.test(text),
};
