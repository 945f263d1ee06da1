# deconvolve on a GPU, and the command line:
#   deno task bundle && docker build -f infra/images/gpu.Dockerfile -t clearstack-gpu:0.1.0 .
# The loader of Vulkan is here, the driver is the node's: NVIDIA's container toolkit mounts it into the container.
FROM denoland/deno:bin-2.9.6 AS deno

FROM debian:trixie-slim
# libvulkan1 finds the driver; NVIDIA's needs the libraries of X11 and GL beside it, also where there is no screen.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates libvulkan1 libx11-6 libxext6 libegl1 libglvnd0 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 65532 clearstack \
  && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin clearstack \
  && mkdir --mode 0755 /etc/clearstack \
  && install --directory --owner 65532 --group 65532 /data /var/lib/clearstack
COPY --from=deno --chmod=755 /deno /usr/local/bin/deno
COPY --chmod=755 infra/images/serve.sh /usr/local/bin/clearstack
COPY out/bundle /opt/clearstack
# Vulkan belongs to the capability graphics, which the toolkit leaves out unless it is named.
ENV NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility \
  CLEARSTACK_REQUIRE_GPU=1 \
  GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1 \
  DENO_DIR=/tmp/deno \
  DENO_NO_UPDATE_CHECK=1 \
  HOME=/tmp \
  HOST=0.0.0.0 \
  PORT=8081
USER 65532:65532
WORKDIR /opt/clearstack
EXPOSE 8081
# Ready means that a kernel ran with large workgroups and was right: the first time takes as long as compiling it.
HEALTHCHECK --start-period=300s --interval=20s --timeout=60s \
  CMD ["deno", "eval", "const r = await fetch(`http://127.0.0.1:${Deno.env.get('PORT')}/readyz`); Deno.exit(r.ok ? 0 : 1)"]
ENTRYPOINT ["clearstack"]
CMD ["deconvolve"]
