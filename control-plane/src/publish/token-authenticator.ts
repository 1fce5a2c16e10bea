import { createHash } from 'node:crypto';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { Counter, Metrics } from '@lanekeeper/runtime/metrics';
import type { Authenticator, Caller } from './caller.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { StreamEnd } from './stream-end.ts';
import { callerOf } from './token-caller.ts';

export type TokenReviewer = Pick<ApiClient, 'reviewToken'>;

export interface TokenAuthenticatorOptions {
  readonly reviewer: TokenReviewer;
  readonly audience: string;
  /** `namespace/name` of the service account that gateways have; undefined: there are none. */
  readonly gatewayAccount?: string | undefined;
  readonly metrics: Metrics;
  /** Milliseconds, monotonic: a clock that is set neither keeps answers for ever nor forgets them all. */
  readonly now: () => number;
}

/** A sidecar that reconnects soon is let in without asking again; a pod that is deleted is found out at most so much later. */
const ACCEPTED_MS = 60_000;
/** A wrong token that is tried again and again asks the API server only so often. */
const REFUSED_MS = 5_000;
const REVIEW_TIMEOUT_MS = 5_000;
/** Reviews at a time: a thousand sidecars that come at once do not become a thousand calls at once. */
const REVIEWS_AT_A_TIME = 32;
/** Who has waited so long for a turn is sent away instead: the API server is not keeping up, and another try may fare better. */
const MAX_WAIT_MS = 10_000;
const MAX_REMEMBERED = 20_000;

/** Asks the API server who a token is of (TokenReview), and remembers the answer for a little while by the token's hash. */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticator {
  return new TokenAuthenticator(options);
}

interface Remembered {
  readonly answer: Promise<Caller>;
  until: number;
}

class TokenAuthenticator implements Authenticator {
  readonly #options: TokenAuthenticatorOptions;
  readonly #limit = new ConcurrencyLimit(REVIEWS_AT_A_TIME);
  /** Oldest first. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #reviews: (result: 'accepted' | 'refused' | 'unavailable') => Counter;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
    const reviews = options.metrics.counter({
      name: 'lanekeeper_token_reviews_total',
      help: 'Tokens that the API server was asked about.',
      labels: ['result'],
    });
    this.#reviews = (result) => reviews.with(result);
  }

  async authenticate(token: string | undefined): Promise<Caller> {
    if (token === undefined) {
      throw new StreamEnd('token_absent', 'expected metadata authorization: Bearer <service account token>');
    }
    return this.#ask(token);
  }

  #ask(token: string): Promise<Caller> {
    const key = createHash('sha256').update(token).digest('base64');
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined && this.#options.now() < remembered.until) return remembered.answer;
    // While it is asked, others with the same token wait for the same answer.
    const askedAt = this.#options.now();
    const answer = this.#limit.run(() => this.#review(token, askedAt));
    const entry = { answer, until: Number.POSITIVE_INFINITY };
    this.#remembered.delete(key);
    this.#remembered.set(key, entry);
    this.#forgetOldest();
    const keep = (ms: number): void => {
      entry.until = this.#options.now() + ms;
    };
    answer.then(
      () => keep(ACCEPTED_MS),
      (error: unknown) => keep(isRefusal(error) ? REFUSED_MS : 0),
    );
    return answer;
  }

  async #review(token: string, askedAt: number): Promise<Caller> {
    const { reviewer, audience, gatewayAccount, now } = this.#options;
    if (now() - askedAt > MAX_WAIT_MS) {
      throw new StreamEnd('reviewer_unavailable', 'too many tokens wait for the API server');
    }
    const review = await reviewer
      .reviewToken(token, [audience], { timeoutMs: REVIEW_TIMEOUT_MS })
      .catch((cause: unknown) => {
        this.#reviews('unavailable').inc();
        throw new StreamEnd('reviewer_unavailable', 'the API server cannot be asked about tokens now', {
          cause,
        });
      });
    this.#reviews(review.authenticated ? 'accepted' : 'refused').inc();
    return callerOf(review, token, { audience, gatewayAccount });
  }

  #forgetOldest(): void {
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof StreamEnd && error.code !== 'reviewer_unavailable';
}
