import { ConfigError } from '@lanekeeper/runtime/env';

/** Both, or one ConfigError with what is wrong with either: who corrects settings wants to see all of it at once. */
export async function allOrAllMistakes<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const settled = await Promise.allSettled([first, second]);
  const reasons = settled.flatMap((each): readonly unknown[] =>
    each.status === 'rejected' ? [each.reason] : [],
  );
  const mistakes = reasons.filter((reason) => reason instanceof ConfigError);
  if (mistakes.length > 0 && mistakes.length === reasons.length) {
    throw new ConfigError(mistakes.flatMap(({ problems }) => problems));
  }
  // What is no mistake of the settings comes as it is.
  return Promise.all([first, second]);
}
