/** Roles for the parts of a cluster and what runs in it, as text (see notation.ts). */
export const systemRules: Readonly<Record<string, string>> = {
  'system:auth-delegator': `
    create authentication.k8s.io tokenreviews
    create authorization.k8s.io subjectaccessreviews`,
  'system:basic-user': `
    create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
    create authentication.k8s.io selfsubjectreviews`,
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient':
    'create certificates.k8s.io certificatesigningrequests/nodeclient',
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient':
    'create certificates.k8s.io certificatesigningrequests/selfnodeclient',
  'system:certificates.k8s.io:kube-apiserver-client-approver':
    'approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client',
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver':
    'approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet',
  'system:certificates.k8s.io:kubelet-serving-approver':
    'approve certificates.k8s.io signers kubernetes.io/kubelet-serving',
  'system:certificates.k8s.io:legacy-unknown-approver':
    'approve certificates.k8s.io signers kubernetes.io/legacy-unknown',
  'system:discovery': 'get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/',
  'system:heapster': `
    read core events,namespaces,nodes,pods
    read extensions deployments`,
  'system:kube-aggregator': 'read core endpoints,services',
  'system:kube-controller-manager': `
    events
    create coordination.k8s.io leases
    get,update coordination.k8s.io leases kube-controller-manager
    create core secrets,serviceaccounts
    delete core secrets
    get core configmaps,namespaces,secrets,serviceaccounts
    update core secrets,serviceaccounts
    create authentication.k8s.io tokenreviews
    create authorization.k8s.io subjectaccessreviews
    list,watch * *
    create core serviceaccounts/token`,
  'system:kube-dns': 'list,watch core endpoints,services',
  'system:kube-scheduler': `
    events
    create coordination.k8s.io leases
    get,update coordination.k8s.io leases kube-scheduler
    read core nodes
    delete,get,list,watch core pods
    create core bindings,pods/binding
    patch,update core pods/status
    read core replicationcontrollers,services
    read apps,extensions replicasets
    read apps statefulsets
    read policy poddisruptionbudgets
    read core persistentvolumeclaims,persistentvolumes
    create authentication.k8s.io tokenreviews
    create authorization.k8s.io subjectaccessreviews
    read storage.k8s.io csinodes
    read core namespaces
    read storage.k8s.io csidrivers
    read storage.k8s.io csistoragecapacities
    read storage.k8s.io volumeattachments
    read resource.k8s.io deviceclasses,resourceclaims,resourceslices
    patch,update resource.k8s.io resourceclaims/status`,
  'system:kubelet-api-admin': `
    read core nodes
    proxy core nodes
    * core nodes/configz,nodes/healthz,nodes/log,nodes/metrics,nodes/pods,nodes/proxy,nodes/stats`,
  'system:monitoring': 'get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*',
  'system:node-bootstrapper': 'create,get,list,watch certificates.k8s.io certificatesigningrequests',
  'system:node-problem-detector': `
    get core nodes
    patch core nodes/status
    events`,
  'system:node-proxier': `
    list,watch core endpoints,services
    read core nodes
    events
    list,watch discovery.k8s.io endpointslices
    list,watch networking.k8s.io servicecidrs`,
  'system:persistent-volume-provisioner': `
    create,delete,get,list,watch core persistentvolumes
    get,list,update,watch core persistentvolumeclaims
    read storage.k8s.io storageclasses
    watch core events
    events`,
  'system:public-info-viewer': 'get /healthz,/livez,/readyz,/version,/version/',
  'system:service-account-issuer-discovery': 'get /.well-known/openid-configuration,/openid/v1/jwks',
  'system:volume-scheduler': `
    get,list,patch,update,watch core persistentvolumes
    read storage.k8s.io storageclasses
    get,list,patch,update,watch core persistentvolumeclaims`,
  // What an API server reads of the kubelets of other peers.
  'keelson:kubelet-access': `
    get /containerLogs/*,/metrics,/pods,/stats/*
    get,post /exec/*,/attach/*,/portForward/*,/dial/*`,
  // Cluster-wide, unlike Kubernetes' own: components begin before the namespaces' roles are there.
  'keelson:leader-election': 'create,get,list,update,watch coordination.k8s.io leases',
  // All controllers of a peer act as one user, whose rights are the sum of Kubernetes' system:controller:* roles.
  'keelson:controllers': '* * *',
};

/** What a kubelet may do, as the Node authorizer has it, which narrows it to what the node's own pods need. */
export const nodeRules = `
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews
  read core services
  create,get,list,watch core nodes
  patch,update core nodes/status
  patch,update core nodes
  create,patch,update core events
  read core pods
  create,delete core pods
  patch,update core pods/status
  create core pods/eviction
  read core configmaps,secrets
  get core persistentvolumeclaims,persistentvolumes
  get core endpoints
  create,get,list,watch certificates.k8s.io certificatesigningrequests
  create,delete,get,patch,update coordination.k8s.io leases
  get storage.k8s.io volumeattachments
  create core serviceaccounts/token
  get,patch,update core persistentvolumeclaims/status
  read storage.k8s.io csidrivers
  create,delete,get,patch,update storage.k8s.io csinodes
  read node.k8s.io runtimeclasses
  get resource.k8s.io resourceclaims
  deletecollection resource.k8s.io resourceslices
  all resource.k8s.io resourceslices
  get core serviceaccounts`;
