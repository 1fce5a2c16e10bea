import type { TokenReview } from '@lanekeeper/kubernetes/answers';
import type { Caller } from './caller.ts';
import { StreamEnd } from './stream-end.ts';

const USERNAME = /^system:serviceaccount:([^:]+):([^:]+)$/;
const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';

export interface ExpectedToken {
  readonly audience: string;
  /** `namespace/name` of the service account that gateways have; undefined: there are none. */
  readonly gatewayAccount?: string | undefined;
}

/**
 * Who the API server says the token is of. Throws a StreamEnd for a token that it does not take, that is meant for somebody else,
 * or that no pod stands behind. `token` is read for its end only, which a review does not tell.
 */
export function callerOf(review: TokenReview, token: string, expected: ExpectedToken): Caller {
  const { audience, gatewayAccount } = expected;
  if (!review.authenticated) {
    const reason = review.error === '' ? 'the API server does not accept it' : review.error;
    throw new StreamEnd('token_refused', `the token is not valid: ${withoutToken(reason, token)}`);
  }
  // An authenticator that knows no audiences answers without them: such a token is good for the API server itself.
  if (!review.audiences.includes(audience)) {
    throw new StreamEnd('token_refused', `expected a token for the audience ${audience}`);
  }
  const [, namespace, account] = USERNAME.exec(review.username) ?? [];
  const [pod] = review.extra[POD_NAME] ?? [];
  const [podUid] = review.extra[POD_UID] ?? [];
  if (namespace === undefined || pod === undefined || podUid === undefined) {
    throw new StreamEnd(
      'token_of_no_pod',
      `expected a projected service account token of a pod, found one of ${review.username}`,
    );
  }
  const isGateway = `${namespace}/${account}` === gatewayAccount;
  return { namespace, pod, podUid, isGateway, expiresAtMs: expiryOf(token) };
}

/** Milliseconds since 1970; infinity where the token does not say. Only for a token that the API server has accepted. */
function expiryOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number') {
      return claims.exp * 1000;
    }
  } catch {
    // Not a JWT: whoever signs other tokens knows when they end, the age of a stream bounds it here.
  }
  return Number.POSITIVE_INFINITY;
}

function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '(token)').slice(0, 300);
}
