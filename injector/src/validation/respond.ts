import { describeProblem, type Validation } from './validate.ts';

/** Beyond this the API server cuts warnings (256 characters each are sure to be shown). */
const MAX_WARNING = 250;

/** The AdmissionReview that goes back. */
export function toValidationReview(uid: string, { result, problems, warnings }: Validation): object {
  const message = problems.map(describeProblem).join('; ');
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: result !== 'refused',
      ...(warnings.length === 0 ? {} : { warnings: warnings.map(shorten) }),
      ...(result === 'refused'
        ? { status: { status: 'Failure', code: 422, reason: 'Invalid', message } }
        : {}),
    },
  };
}

function shorten(warning: string): string {
  return warning.length > MAX_WARNING ? `${warning.slice(0, MAX_WARNING - 1)}…` : warning;
}
