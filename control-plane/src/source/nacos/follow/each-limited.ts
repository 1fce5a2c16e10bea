/** Does `task` for each of the items, at most `most` at a time. The first that rejects ends it: nothing more is begun. */
export async function eachLimited<T>(
  items: Iterable<T>,
  most: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let isOver = false;
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !isOver; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (error) {
        isOver = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: most }, work));
}
