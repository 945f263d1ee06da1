#!/bin/bash
#SBATCH --job-name=clearstack
#SBATCH --array=0-7
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64G
#SBATCH --time=04:00:00
#SBATCH --requeue
# One deconvolution by eight tasks that share nothing but OUTPUT: sbatch slurm.sh IMAGE OUTPUT.zarr PSF [flags]
set -euo pipefail
image=$1 output=$2 psf=$3
shift 3
# What Slurm gives the task; without it Clearstack looks how much memory is free on the whole node.
export CLEARSTACK_MEMORY="${SLURM_MEM_PER_NODE:-65536}MiB"
exec ${CLEARSTACK:-npx --yes deno@2.9.6 task clearstack} deconvolve "$image" "$output" --psf "$psf" "$@" \
  --array-task "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --quiet
