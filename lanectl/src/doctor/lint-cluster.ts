import type { Finding } from '@lanekeeper/lint/finding';
import { lintWorld } from '@lanekeeper/lint/lint-world';
import { readWorld } from '@lanekeeper/lint/read/read-world';
import { hasNativeSidecars } from '../commands/lint.ts';
import type { CheckResult } from './check-result.ts';
import { valueOf, type Facts } from './facts.ts';

/** The same findings as `lanectl lint` has, over what is in the cluster. */
export function lintCluster(facts: Facts): readonly CheckResult[] {
  const description = 'lanes, groups and their workloads (the same as lanectl lint)';
  const missing = [facts.groups, facts.lanes, facts.pods, facts.services, facts.namespaces].find(
    (fact) => 'problem' in fact,
  );
  if (missing !== undefined && 'problem' in missing)
    return [{ category: 'lanes', id: 'lanes-lint', description, result: 'skip', error: missing.problem }];
  const findings = findingsIn(facts);
  if (findings.length === 0) return [{ category: 'lanes', id: 'lanes-lint', description, result: 'ok' }];
  return findings.map(({ code, severity, object, path, message, fix }) => ({
    ...{ category: 'lanes', id: code, description: path === '' ? object : `${object} ${path}` },
    result: severity === 'error' ? 'fail' : 'warn',
    ...{ error: message, hint: fix },
  }));
}

function findingsIn(facts: Facts): readonly Finding[] {
  const { groups, lanes, pods, services, namespaces } = facts;
  const documents = [groups, lanes, pods, services, namespaces].flatMap((fact) => valueOf(fact) ?? []);
  const version = valueOf(facts.version);
  const { world, findings } = readWorld(documents, {
    // Members may be of namespaces that are not looked at.
    extent: facts.within === undefined ? 'all' : 'part',
    ...(version === undefined ? {} : { nativeSidecars: hasNativeSidecars(version.minor) }),
  });
  return [...findings, ...lintWorld(world)];
}
