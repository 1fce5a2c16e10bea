export { createFileSource, type FileSourceOptions } from '@lanekeeper/runtime/certificate-files';
