const MAX_CHARACTERS = 4_096;

/**
 * What the agent of MSE writes under `__micro.service.env__`: `[{"desc":"k8s-pod-label","priority":100,"tag":"gray","type":"tag"}]`.
 * The tag of the highest priority, the first of equals; empty: it names none; undefined: it is nothing of that kind.
 */
export function tagOfMse(value: string): string | undefined {
  const list = value.length > MAX_CHARACTERS ? undefined : parse(value);
  if (!Array.isArray(list)) return undefined;
  let best: { readonly tag: string; readonly priority: number } | undefined;
  for (const item of list as readonly unknown[]) {
    if (typeof item !== 'object' || item === null || !('tag' in item)) return undefined;
    if (typeof item.tag !== 'string') return undefined;
    const priority = 'priority' in item && typeof item.priority === 'number' ? item.priority : 0;
    if (best === undefined || priority > best.priority) best = { tag: item.tag, priority };
  }
  return best?.tag ?? '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Somebody's own value that happens to begin like a list.
    return undefined;
  }
}
