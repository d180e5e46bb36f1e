// Owns: the names of the services that every simulated system has, beside those of its subject.
export const STARTER = 'desk'
export const OBSERVER = 'history'
