import { describe, expect, it } from 'vitest';
import { decodeTokens, sha256Of } from './decode-tokens.ts';

const TOKEN = 'f3b1c2d4e5f60718293a4b5c6d7e8f90';

function problemsOf(text: string): readonly string[] {
  const decoded = decodeTokens(text);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('a tokens file', () => {
  it('says for each token who may show it, and keeps its hash only', () => {
    const decoded = decodeTokens(`
tokens:
- name: orders
  token: ${TOKEN}
  namespaces: [shop, "web"]
  pods: [orders-1, "orders-blue-*"]
  apps: [orders]
- {name: edge, sha256: ${sha256Of(`${TOKEN}2`).toUpperCase()}, namespaces: [edge], role: gateway}
`);
    expect(decoded).toEqual({
      value: [
        {
          name: 'orders',
          sha256: sha256Of(TOKEN),
          namespaces: ['shop', 'web'],
          pods: ['orders-1', 'orders-blue-*'],
          apps: ['orders'],
          isGateway: false,
        },
        {
          ...{ name: 'edge', sha256: sha256Of(`${TOKEN}2`), namespaces: ['edge'] },
          ...{ pods: undefined, apps: undefined, isGateway: true },
        },
      ],
    });
    expect(JSON.stringify(decoded)).not.toContain(TOKEN);
    expect(decodeTokens('tokens: []')).toEqual({ value: [] });
  });

  it('is told all of its mistakes with their places, and nothing of a token', () => {
    expect(
      problemsOf(`
tokens:
- {name: a, token: short, namespaces: [shop]}
- {name: "a b", token: "${TOKEN} with spaces", namespaces: []}
- {token: ${TOKEN}, sha256: ${'a0'.repeat(32)}, namespaces: [shop], pods: ["*-1"]}
- {name: c, namespaces: [shop], podz: [x]}
- {name: d, sha256: abc, namespaces: shop, apps: []}
- {name: e, token: ${TOKEN}x, namespaces: [shop]}
- {name: f, sha256: ${sha256Of(`${TOKEN}x`)}, namespaces: [shop]}
`),
    ).toEqual([
      'tokens[0].token (3:20): expected a token of 32 to 1024 characters without spaces, such as openssl rand -hex 32 makes, found "(hidden)"',
      'tokens[1].name (4:10): expected a name of letters, digits, "-", "." and "_", found "(hidden)"',
      'tokens[1].token (4:24): expected a token of 32 to 1024 characters without spaces, such as openssl rand -hex 32 makes, found "(hidden)"',
      'tokens[1].namespaces (4:84): expected at least one; an empty list admits nobody',
      'tokens[2] (5:3): name is missing',
      'tokens[2].sha256 (5:53): token and sha256 exclude each other; keep one',
      'tokens[2].pods[0] (5:146): expected the name of a pod; "*" may stand at its end for anything, found "(hidden)"',
      'tokens[3]["(hidden)"] (6:33): unknown key; expected one of name, token, sha256, namespaces, pods, apps, role',
      'tokens[3] (6:3): token or sha256 is missing',
      'tokens[4].sha256 (7:21): expected the SHA-256 of a token in 64 hexadecimal digits, found "(hidden)"',
      'tokens[4].namespaces (7:38): expected a list, found "(hidden)"',
      'tokens[4].apps (7:50): expected at least one; an empty list admits nobody',
      'tokens[6] (9:3): has the same token as tokens[5]; give each its own',
    ]);
    expect(problemsOf('tokens: {}')).toEqual(['tokens (1:9): expected a list, found a mapping']);
    expect(problemsOf('{}')).toEqual(['document (1:1): tokens is missing']);
  });
});
