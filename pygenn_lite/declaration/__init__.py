"""The declaration: plain, frozen data that says what a network is. Nothing here computes."""

from pygenn_lite.declaration.connectivity import (
    CSR,
    AllToAll,
    Connectivity,
    Convolution,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    OneToOne,
    PairList,
    Pooling,
    Transpose,
    from_scipy,
)
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.distributions import (
    Binomial,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    TruncatedNormal,
    Uniform,
)
from pygenn_lite.declaration.inputs import CurrentInput, NoiseCurrent, PoissonInput, StepCurrent
from pygenn_lite.declaration.integrator_records import IntegratorLike
from pygenn_lite.declaration.language.equations import (
    Equation,
    Expression,
    parse_equations,
    parse_expression,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.network_declaration import NetworkDeclaration
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.population import (
    Population,
    SpikeSource,
    SynapseGroup,
)
from pygenn_lite.declaration.recorded import Recording, SpikesOf, SynapsesOf, VariableOf
from pygenn_lite.declaration.runge_kutta import RungeKutta
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.synaptic_trace import SynapticTrace
from pygenn_lite.declaration.values import FrozenArray, Value, ValueLike

__all__: list[str] = [
    "CSR",
    "AllToAll",
    "Binomial",
    "Connectivity",
    "Convolution",
    "CurrentInput",
    "DistanceDependent",
    "Distribution",
    "Equation",
    "Exponential",
    "Expression",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "FrozenArray",
    "Gamma",
    "IntegratorLike",
    "LogNormal",
    "Network",
    "NetworkDeclaration",
    "NeuronModel",
    "NoiseCurrent",
    "Normal",
    "OneToOne",
    "PairList",
    "PoissonInput",
    "Pooling",
    "Population",
    "Recording",
    "RungeKutta",
    "SpikeSource",
    "SpikeTensor",
    "SpikesOf",
    "StepCurrent",
    "SynapseGroup",
    "SynapseModel",
    "SynapsesOf",
    "SynapticTrace",
    "Transpose",
    "TruncatedNormal",
    "Uniform",
    "Value",
    "ValueLike",
    "VariableOf",
    "from_scipy",
    "parse_equations",
    "parse_expression",
]
