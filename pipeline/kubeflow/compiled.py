"""From a pipeline to Kubeflow's YAML."""

from kfp import compiler, components, dsl, kubernetes

from pipeline.definition import define
from pipeline.metadata.address import PASSWORD
from tfdogs.aside import alone_at, scratch
from tfdogs.sampling import output


def compile_pipeline(config):
    """Writes the YAML of a pipeline: a step for each node, in the pipeline's order, that runs this node.

    The steps share the folder `root` and the metadata. Kubeflow starts them; caching, lineage and the gate
    are the pipeline's own, so that a run there is in the store as any other.

    Args:
        config: `pipeline.kubeflow.compile_config.CompileConfig`.

    Raises:
        UsageError: the file is there already.
        TfdogsError: another process writes the file, or the disk failed.
    """
    output.check(config.output, folder=False, overwrite=None)
    with alone_at(config.output), scratch("tfdogs_compile") as folder:
        named = folder / "pipeline.yaml"  # the SDK looks at the ending
        compiler.Compiler().compile(_pipeline(define(config), config), str(named))
        components.load_component_from_file(str(named))  # the SDK's own validation
        with output.replacing(config.output) as path:
            path.write_bytes(named.read_bytes())
    print(f"{config.output}: {config.pipeline_name} for Kubeflow Pipelines, image {config.image}")


def _pipeline(pipeline, config):
    steps = {node.name: _step(node.name, config) for node in pipeline.nodes}

    @dsl.pipeline(name=config.pipeline_name.lower().replace("_", "-").replace(".", "-"))
    def graph():
        tasks = {}
        for node in pipeline.nodes:
            # Not the job's name: two jobs may have the same, and it may hold anything.
            task = steps[node.name](run=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
            task.set_display_name(node.name)
            task.set_caching_options(False)  # the pipeline finds again what is there
            for parent in pipeline.parents(node):
                task.after(tasks[parent.name])
            if config.pvc:
                kubernetes.mount_pvc(task, pvc_name=config.pvc, mount_path=config.mount)
            if config.secret:
                kubernetes.use_secret_as_env(task, config.secret, {"password": PASSWORD})
            tasks[node.name] = task

    return graph


def _step(name, config):
    """Returns Kubeflow's component of a node."""

    def step(run: str):
        return dsl.ContainerSpec(
            image=config.image,
            command=["python", "-m", "pipeline.step"],
            args=[f"--node={name}", *config.flags(), "--run", run],
        )

    step.__name__ = name
    step.__doc__ = f"Runs {name} of tfdogs' pipeline."
    return dsl.container_component(step)
