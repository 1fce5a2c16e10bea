import type { TextRule } from '@lanekeeper/mesh-file/scalar-decoders';

/** Nacos' own rule for the ids of namespaces and the names of groups, clusters and data ids. */
const NACOS_NAME = /^[-A-Za-z0-9_.:]{1,128}$/;

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

export const NACOS_NAME_RULE: TextRule = {
  expected: 'a name of letters, digits, "-", "_", "." and ":", at most 128 characters',
  accepts: (text) => NACOS_NAME.test(text),
};

/** Namespaces of the mesh (Kubernetes' own rule) and lane groups. */
export const DNS_LABEL_RULE: TextRule = {
  expected: 'a name of lower-case letters, digits and "-", at most 63 characters',
  accepts: (text) => DNS_LABEL.test(text),
};

export const REGISTRY_NAME_RULE: TextRule = {
  expected: 'a name of letters, digits, "-", "." and "_", at most 63 characters',
  accepts: (text) => /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(text),
};

export const PATH_RULE: TextRule = {
  expected: 'the path of a file',
  accepts: (text) => text.length <= 4_096,
};

export const USER_RULE: TextRule = { expected: 'the name of a user', accepts: (text) => text.length <= 256 };

export const KEY_RULE: TextRule = {
  expected: 'a metadata key of at most 128 characters, "*" at its end standing for anything',
  accepts: (text) => text.length <= 128 && text !== '*',
};

export const CONTEXT_PATH_RULE: TextRule = {
  expected: 'a path that starts with "/" and does not end with it (or "/" alone)',
  accepts: (text) => /^\/$|^(?:\/[-A-Za-z0-9_.~]+)+$/.test(text),
};
