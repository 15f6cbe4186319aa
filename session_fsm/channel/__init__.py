"""What an agent tells about itself on its session channel, as typed values.

The calls and streams are those of ``session.agent``; these are the values that they hand out.
"""

from session_fsm.channel.answers import AgentInfo as AgentInfo
from session_fsm.channel.answers import AgentSessionInfo as AgentSessionInfo
from session_fsm.channel.answers import FrameworkInfo as FrameworkInfo
from session_fsm.channel.answers import RtcStats as RtcStats
from session_fsm.channel.events import AgentStateChanged as AgentStateChanged
from session_fsm.channel.events import AmdCategory as AmdCategory
from session_fsm.channel.events import AmdPrediction as AmdPrediction
from session_fsm.channel.events import ChannelEvent as ChannelEvent
from session_fsm.channel.events import DebugMessage as DebugMessage
from session_fsm.channel.events import EotPrediction as EotPrediction
from session_fsm.channel.events import ErrorReported as ErrorReported
from session_fsm.channel.events import FalseInterruption as FalseInterruption
from session_fsm.channel.events import ItemAdded as ItemAdded
from session_fsm.channel.events import OverlappingSpeech as OverlappingSpeech
from session_fsm.channel.events import ToolCallEnded as ToolCallEnded
from session_fsm.channel.events import ToolCallStarted as ToolCallStarted
from session_fsm.channel.events import ToolCallUpdated as ToolCallUpdated
from session_fsm.channel.events import ToolEvent as ToolEvent
from session_fsm.channel.events import ToolReplyStatus as ToolReplyStatus
from session_fsm.channel.events import ToolReplyUpdated as ToolReplyUpdated
from session_fsm.channel.events import ToolsExecuted as ToolsExecuted
from session_fsm.channel.events import ToolsStarted as ToolsStarted
from session_fsm.channel.events import ToolStatus as ToolStatus
from session_fsm.channel.events import UnknownEvent as UnknownEvent
from session_fsm.channel.events import UsageUpdated as UsageUpdated
from session_fsm.channel.events import UserInputTranscribed as UserInputTranscribed
from session_fsm.channel.events import UserStateChanged as UserStateChanged
from session_fsm.channel.items import AgentConfigUpdate as AgentConfigUpdate
from session_fsm.channel.items import AgentHandoff as AgentHandoff
from session_fsm.channel.items import ChatItem as ChatItem
from session_fsm.channel.items import ChatMessage as ChatMessage
from session_fsm.channel.items import ChatRole as ChatRole
from session_fsm.channel.items import FunctionCall as FunctionCall
from session_fsm.channel.items import FunctionCallOutput as FunctionCallOutput
from session_fsm.channel.items import TurnMetrics as TurnMetrics
from session_fsm.channel.items import UnknownItem as UnknownItem
from session_fsm.channel.tools import ToolCall as ToolCall
from session_fsm.channel.tools import ToolUpdate as ToolUpdate
from session_fsm.channel.usage import EotUsage as EotUsage
from session_fsm.channel.usage import InterruptionUsage as InterruptionUsage
from session_fsm.channel.usage import LLMUsage as LLMUsage
from session_fsm.channel.usage import ModelUsage as ModelUsage
from session_fsm.channel.usage import STTUsage as STTUsage
from session_fsm.channel.usage import TTSUsage as TTSUsage
from session_fsm.channel.usage import Usage as Usage
from session_fsm.states import UserState as UserState
