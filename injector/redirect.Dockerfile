# The context is the checkout: docker build -f injector/redirect.Dockerfile . (or npm run images, which builds all four).
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY . .
# Where npm finds its packages, for networks that do not reach its own registry.
ARG npm_config_registry
# Bundles that `npm run build` has made of these very sources are taken as they are; else they are made here.
RUN node scripts/bundles-are-current.mjs || npm run build

FROM ${BASE_IMAGE}
# Node alone: npm and yarn are of no use here.
COPY --from=build /usr/local/bin/node /usr/local/bin/
# Both backends are in the package. A base of one's own may bring them already.
RUN command -v iptables-nft-restore >/dev/null \
  || (apt-get update && apt-get install -y --no-install-recommends iptables && rm -rf /var/lib/apt/lists/* /var/cache/apt/*)
COPY --from=build /src/dist/redirect /opt/lanekeeper/
COPY LICENSE /opt/lanekeeper/
ENV NODE_ENV=production
# Root and NET_ADMIN come from the pod that needs them.
USER 65532:65532
ENTRYPOINT ["node", "/opt/lanekeeper/main.mjs"]
