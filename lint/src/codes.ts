/** Stable: a code is never used again for something else. Each has a page in docs/lint/. */
export const FINDING_CODES = {
  LK0100: 'InvalidObject',
  LK0101: 'NoBaseline',
  LK0102: 'LaneClaimedTwice',
  LK0103: 'MemberNotInjected',
  LK0104: 'ServiceInTwoGroups',
  LK0105: 'PriorityTie',
  LK0106: 'FallbackCycle',
  LK0107: 'LaneMatchesNoPod',
  LK0108: 'BaseServiceSelectsLanePods',
  LK0109: 'RuleShadowed',
  LK0110: 'PercentWithoutKey',
  LK0111: 'RegexNotRE2',
  LK0112: 'EgressTLSOpaque',
  LK0113: 'PortExcluded',
  LK0114: 'ForeignMesh',
  LK0115: 'JobWithoutNativeSidecar',
  LK0116: 'OneCanaryLimit',
  LK0117: 'AnnotationUnsupported',
  LK0118: 'GenerationLag',
  LK0119: 'SkewUnsupported',
  LK0120: 'StaleConnections',
  LK0121: 'NacosMetadataMissing',
  LK0122: 'NacosPodMismatch',
  LK0123: 'PropagationLost',
  // LK0124 is for releases.
  LK0125: 'MemberNotExported',
} as const;

export type FindingCode = keyof typeof FINDING_CODES;

export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDING_CODES, text);
}
