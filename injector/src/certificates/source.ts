export type { CertificatePair, CertificateSource } from '@lanekeeper/runtime/certificate-files';
