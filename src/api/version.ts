/** The version of Kubernetes whose API is spoken; Keelson's own build metadata stands after the plus sign. */
export const kubernetesVersion = 'v1.35.2+keelson';
